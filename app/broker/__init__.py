"""The transports that carry messages to the workers: a folder in embedded mode, Redis in server mode.

A message only wakes a worker. Both transports hand over nothing but whole messages of exactly the form that this studio sends;
whatever else lies in a queue is moved aside with a line in the log, and the worker goes on.
"""
