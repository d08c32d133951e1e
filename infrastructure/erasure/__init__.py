"""Forgetting: what is asked, the steps it takes, the file that outlives the databases, the receipt."""
