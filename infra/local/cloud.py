#!/usr/bin/env python3
"""The local cloud of this checkout: `cloud.py <command>`. `make help` lists the common commands."""

import sys

if sys.version_info < (3, 11):
    sys.exit("infra/local/cloud.py needs Python 3.11 or newer; this is " + sys.version.split()[0])

# The folder of the sources stays free of byte code.
sys.dont_write_bytecode = True

if __name__ == "__main__":
    # Imported only here: an older Python could not even parse them.
    import commands
    import progress

    progress.main(commands.run)
