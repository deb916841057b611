"""A small SMTP client that can stop between the offer of a mail and its last dot.

`aiosmtplib` sends MAIL to the final dot in one go and costs some 320 µs a mail; here the dialogue is cut where the
promise of sending once needs it, and commands travel together (RFC 2920) where the server allows it.
"""
