"""Which replies have a page of their own to open: key -> (path, name of the button in page.yml).

The chat page shows a button under them; in Telegram one leads to the page. See web/own_pages.py.
"""

PAGES = {
    "control/export": ("/me/data.json", "download"),
    "control/my_data": ("/me/data", "own_data"),
    "plan/read_back": ("/me/plan", "own_plan"),
    "plan/changed": ("/me/plan", "own_plan"),
    "plan/kept": ("/me/plan", "own_plan"),
    "plan/shown": ("/me/plan", "own_plan"),
    "progress/one": ("/me/progress", "own_progress"),
    "progress/better": ("/me/progress", "own_progress"),
    "progress/same": ("/me/progress", "own_progress"),
    "progress/worse": ("/me/progress", "own_progress"),
    "progress/mixed": ("/me/progress", "own_progress"),
    "summary/ready": ("/me/summary", "own_summary"),
    "reminders/set": ("/me/link", "own_link"),
    "reminders/status": ("/me/link", "own_link"),
}
