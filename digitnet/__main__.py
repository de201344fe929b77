"""The command line without an installed script: `python -m digitnet`."""

from digitnet.command_line import main

if __name__ == "__main__":
    raise SystemExit(main())
