"""The audit log over HTTP: searched, reported on, proven and exported, for those who may."""
