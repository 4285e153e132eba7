"""`make demo`: the stack with a believable agency in it; with ONCE=1 a story that checks itself.

agency/       who and what is in it: data only
stage, api    what the filling knows so far; calling the services as somebody
team, content, community, filling
              filling it in, through the JSON APIs
running       everything up, until Ctrl-C
story         a sick call, the receipt, the return, the handback: told and timed
books         what the databases and the mailbox say about it
audit         whether it all adds up
"""

from deploy.local.demo.once import play_once
from deploy.local.demo.running import run

__all__ = ["play_once", "run"]
