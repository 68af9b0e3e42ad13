# Latchwork's API, worker and commands in one image: `docker run latchwork worker`, `… api`, `… codes list`.

FROM python:3.11.11-slim-bookworm AS build
RUN python -m venv /opt/latchwork
COPY requirements/runtime.txt /tmp/runtime.txt
RUN /opt/latchwork/bin/pip install --no-cache-dir --require-hashes -r /tmp/runtime.txt
COPY . /src
RUN /opt/latchwork/bin/pip install --no-cache-dir --no-deps --no-build-isolation --no-index /src

FROM python:3.11.11-slim-bookworm
ENV PATH=/opt/latchwork/bin:$PATH PYTHONUNBUFFERED=1 LATCHWORK_DATA=/var/lib/latchwork
# A new volume takes over owner and mode of the folder that it is put on.
RUN useradd --system --uid 10001 --user-group --no-create-home latchwork \
    && install -d -m 0700 -o latchwork -g latchwork /var/lib/latchwork
COPY --from=build /opt/latchwork /opt/latchwork
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT ["latchwork"]
