"""SDP offers read, answers written (RFC 8866, RFC 8829). No state, no I/O: text in, values out, and back.

- `offer`: text -> Offer, strict and bounded
- `negotiate`: an Offer and the sources that it carries -> Plan: which m-line is what, with which codecs
- `answer`: a Plan and our side's facts -> text
"""
