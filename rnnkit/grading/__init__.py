"""The instructor's side. It is not in the student's wheel."""

import sys

# nbformat imports jsonschema, which builds grammars of addresses where it finds this package: a second of each start,
# for a format that no notebook has. jsonschema does without it.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
