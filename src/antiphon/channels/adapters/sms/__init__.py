"""SMS over SMPP 3.4: one bind per process to an operator's SMSC.

`smpp.py` is the adapter; `pdu.py` the codec; `session.py` one bound connection; `deliver.py` reads what comes back.
"""
