"""How a notice gets its e-mail: in the statement that records the notice."""


def plan_mail(source: str, *, rank: int) -> str:
    """SQL that plans one e-mail per row of `source` (notice_id, recipient_id, send_before).

    Rank 0 goes first: what concerns one person never queues behind what is told to a whole audience (1).
    """
    return f"""INSERT INTO deliveries (notice_id, channel, recipient_id, send_before, rank)
        SELECT notice_id, 'email', recipient_id, send_before, {int(rank)} FROM {source} ORDER BY notice_id
        ON CONFLICT DO NOTHING"""  # noqa: S608 - constants only
