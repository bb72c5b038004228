"""Two of everything while parts are killed, stopped and cut off; afterwards every message is accounted for."""
