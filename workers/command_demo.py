"""The command that tells the whole story in under a minute."""

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    once: bool = typer.Option(False, help="Tell the story once and exit 0 only if every step was read back."),
) -> None:
    """Watch codes live their lives on simulated locks."""
    from workers.demo import main

    main(once)
