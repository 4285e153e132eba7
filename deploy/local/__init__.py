"""The one-machine stack: the real engines and services as child processes, without Docker.

`python -m deploy.local --help` lists what it does; `make help` is the friendlier door.
"""
