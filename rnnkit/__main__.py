"""``python -m rnnkit`` is ``rnnkit``."""

from rnnkit.cli import main

raise SystemExit(main())
