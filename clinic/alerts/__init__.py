"""Alerts: notices of unusual activity, which stay open until somebody has looked at them."""
