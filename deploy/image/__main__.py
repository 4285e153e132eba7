"""Starts the one service that its image holds: `python /understudy`. See deploy/Dockerfile."""

from __future__ import annotations

import os
import runpy

if __name__ == "__main__":
    runpy.run_module(f"services.{os.environ['SERVICE']}.main", run_name="__main__", alter_sys=True)
