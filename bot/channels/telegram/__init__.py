"""Telegram: the same conversation as on the page, with the platform's manners.

updates.py   what an update is: words, a button, a command, a picture ... (plain functions)
inbox.py     updates are stored before Telegram may forget them, each once, in order in each chat
talk.py      what is answered to each
messages.py  a reply as Telegram messages: HTML, pictures, buttons
outbox.py    sends what waits: one message at a time, care cards first, patient when told to wait
channel.py   polling or webhook, commands, start and stop
"""
