"""Names of students: with letters and signs that files and tables have to carry."""

FIRST = (
    "Aino", "Bilal", "Chloé", "Dmitri", "Elif", "Fatou", "Goran", "Hana", "Idris", "Jana", "Kofi", "Lucía", "Mei",
    "Nils", "Oona", "Priya", "Quentin", "Rosa", "Søren", "Thandi", "Uma", "Viktor", "Wanja", "Ximena", "Yusuf", "Zoë",
)  # fmt: skip
LAST = (
    "Abebe", "Bergström", "Castillo", "Dvořák", "Eriksen", "Ferrari", "Grünwald", "Haddad", "Ivanova", "Jansen",
    "Kowalski", "Lindqvist", "Moreau", "Nakamura", "O'Brien", "Petrov", "Quispe", "Rossi", "Schmidt", "Tanaka", "Ünal",
    "Varga", "Weiß", "Xu", "Yılmaz", "Zimmermann",
)  # fmt: skip
