"""How jobs are taken and performed: threads, transactions, the fence."""
