"""Problems as the command shows them: a line each to people, an object each to programs."""

from typing import Any

from domain.problems import Problem, Problems, Severity


def problem_facts(problems: Problems, *, as_json: bool) -> dict[str, list[Any]]:
    """Give the fields `errors` and `warnings`."""
    return {
        f"{severity}s": _told(problems, severity, as_json=as_json) for severity in (Severity.ERROR, Severity.WARNING)
    }


def problem_codes(problems: Problems) -> list[str]:
    """Give what a listing has room for."""
    return [problem.code for problem in problems]


def _told(problems: tuple[Problem, ...], severity: Severity, *, as_json: bool) -> list[Any]:
    chosen = [problem for problem in problems if problem.severity is severity]
    if not as_json:
        return [f"{problem.code}: {problem.message}" for problem in chosen]
    name = f"{severity}_code"
    return [
        {name: problem.code, "message": problem.message, "created_at": problem.created_at.isoformat()}
        for problem in chosen
    ]
