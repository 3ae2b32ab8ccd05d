"""What the clients of HTTP share: when to send a request again, and where.
"""
