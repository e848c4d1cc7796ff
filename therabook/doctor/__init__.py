"""`therabook doctor`: what works and what does not, from the machine where it is run, with advice in plain words.

`findings.py` is what is found, `remote.py` looks at a server over the network, `paths.py` at each way on which media
may reach it, `machine.py` at this machine with the settings of a server, `command.py` does both and prints.
"""
