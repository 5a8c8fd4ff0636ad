"""Real mail servers for tests: Debian's Postfix and Exim on a private machine inside namespaces.

A test that plays a scenario while something follows the log:

    from mta import sandbox
    from mta.scenario import REGISTRY, Run
    import mta.scenarios
    sandbox.enter()                       # comes back inside the namespaces, or ends the program: SKIPPED, exit code 77
    run = Run("multi_recipient_mixed", "postfix", workdir, on_started=lambda server: follow(server.log_path))
    try:
        REGISTRY["postfix"][run.name](run)
        truth = run.finish()              # what really became of each recipient; see scenario.py
    finally:
        run.stop()

A test with mail of its own:

    with mta.start("exim", workdir) as server:
        server.send("eva@example.com", ["juan@example.org"])       # a client.Dialogue: every reply, and the queue id
        server.wait_idle()
        server.log_path

Everything lives in the caller's namespaces: nothing is left running or mounted when the program ends, however it ends.
The servers' trees come from tests/system/fetch_mtas.sh; RASTRO_MTAS says where they are (default: build/mtas).
"""

from pathlib import Path

from .exim import Exim
from .postfix import Postfix
from .world import World


def start(mta: str, workdir: Path, **options) -> Postfix | Exim:
    """Starts "postfix" or "exim" with the made-up internet of world.py around it. `options`: see the two classes,
    and `scripts` and `down` of World. Call stop(), or use it in a with statement."""
    world = World(options.pop("scripts", None), options.pop("down", ()))
    try:
        server = {"postfix": Postfix, "exim": Exim}[mta](workdir, **options)
    except BaseException:
        world.close()
        raise
    stop_server = server.stop

    def stop() -> None:
        stop_server()
        world.close()

    server.world, server.stop = world, stop
    return server
