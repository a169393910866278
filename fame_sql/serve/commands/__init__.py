"""Commands that find their warehouse held by a server, and run there.

The command line sends its words; the server runs the same command on the open database, and sends
back what it prints and its exit code. So every command means the same with and without a server.
"""
