from bina.messaging.migrate import run_env

run_env()
