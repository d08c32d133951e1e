"""Where root keys come from: a file, the environment, AWS KMS, a passphrase."""
