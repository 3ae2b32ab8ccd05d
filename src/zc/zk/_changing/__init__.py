"""Commands of ``zczk`` that change a live tree."""
