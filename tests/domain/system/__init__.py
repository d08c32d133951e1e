"""What the audit trail says."""
