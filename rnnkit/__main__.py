"""``python -m rnnkit`` is ``rnnkit``."""

from rnnkit.cli.verbs import main

raise SystemExit(main())
