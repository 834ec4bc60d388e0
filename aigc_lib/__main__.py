"""``python -m aigc_lib`` is the command ``aigc``."""

from aigc_lib.cli.main import main

main()
