"""Commands of the one-machine stack."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine

from pydantic import ValidationError

from deploy.local import prerequisites, stack
from deploy.local.processes import ProcessFailed
from deploy.local.programs import service_environment
from deploy.local.settings import LocalSettings


def main() -> int:
    arguments = _parser().parse_args()
    command: Callable[[LocalSettings, argparse.Namespace], Coroutine[None, None, int]]
    command = arguments.command
    try:
        return asyncio.run(_until_interrupted(command(LocalSettings(), arguments)))
    except (prerequisites.MissingPrerequisites, ProcessFailed) as failure:
        print(failure, file=sys.stderr)
    except ValidationError as error:
        print(f"A setting does not fit:\n{error}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: object, purpose: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=purpose)
        sub.set_defaults(command=command)
        return sub

    add("prepare", _prepare, "fetch what is needed, and say what the machine lacks")
    add("engines", _engines, "run Kafka and MongoDB alone")
    add("up", _up, "run the stack, empty")
    demo = add("demo", _demo, "run the stack with a believable agency in it")
    demo.add_argument("--once", action="store_true", help="play the story by itself and exit")
    first = add("first-member", _first_member, "create the first lead of the running, empty stack")
    first.add_argument("--name", required=True)
    first.add_argument("--email", required=True)
    add("reset", _reset, "forget all state of the stack")
    return parser


async def _prepare(settings: LocalSettings, _: argparse.Namespace) -> int:
    await stack.prepare(settings)
    return 0


async def _engines(settings: LocalSettings, _: argparse.Namespace) -> int:
    await stack.prepare(settings)
    prerequisites.check_ports(settings, engines_only=True)
    async with stack.Stack(settings) as engines:
        await engines.start_engines()
        print(f"KAFKA_BOOTSTRAP_SERVERS={settings.kafka_servers}")
        print(f"MONGODB_URI={settings.mongodb}", flush=True)
        return await _for_ever()


async def _up(settings: LocalSettings, _: argparse.Namespace) -> int:
    await stack.prepare(settings)
    prerequisites.check_ports(settings)
    async with stack.Stack(settings) as everything:
        await everything.start_engines()
        await everything.start_services()
        print(
            f"\nUnderstudy is at {settings.public_url}; {_where_mail_goes(settings)}.\n"
            'An empty one needs its first lead: make first-member NAME="…" EMAIL=…\n'
            "Ctrl-C ends it.",
            flush=True,
        )
        return await _for_ever()


def _where_mail_goes(settings: LocalSettings) -> str:
    if settings.smtp_host is None:
        return f"mail stays in {settings.mail}"
    return f"mail goes out by {settings.smtp_host}"


async def _demo(settings: LocalSettings, arguments: argparse.Namespace) -> int:
    from deploy.local import demo  # noqa: PLC0415 - everything else works without the demo's set

    if not arguments.once:
        return await demo.run(settings.closed, _say)
    try:
        return await demo.play_once(settings.closed, _say)
    except asyncio.CancelledError:  # nobody should take half a story for a whole one
        print("Interrupted.", flush=True)
        return 130


async def _first_member(settings: LocalSettings, arguments: argparse.Namespace) -> int:
    """Prints the sign-in link; what is wrong is said by the scheduler's own command."""
    setup = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.scheduler.setup"),
        *("--name", arguments.name, "--email", arguments.email),
        env={**os.environ, **service_environment(settings, "scheduler")},
    )
    return await setup.wait()


async def _reset(settings: LocalSettings, _: argparse.Namespace) -> int:
    for each in (settings.once, settings):
        if each.state.exists():
            stack.forget(each)
    print("Forgotten. What was downloaded stays.")
    return 0


def _say(line: str) -> None:
    """At once, also into a file or pipe."""
    print(line, flush=True)


async def _for_ever() -> int:
    await asyncio.Event().wait()
    return 0


async def _until_interrupted(command: Coroutine[None, None, int]) -> int:
    """Run the command; Ctrl-C or SIGTERM ends it cleanly, and pressing again changes nothing."""
    running = asyncio.create_task(command)

    def interrupt() -> None:
        if not running.cancelling():
            print("\nEnding…", flush=True)
            running.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt)
    try:
        return await running
    except asyncio.CancelledError:
        print("Ended.", flush=True)
        return 0


if __name__ == "__main__":
    sys.exit(main())
