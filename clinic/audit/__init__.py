"""The audit log: what happened, in an order that nobody can change unseen. In a database apart from all else."""
