"""What a reach (`bina.web.permissions`) means over this service's tables: the one place where it becomes rows."""


def enrolments_within(employer: str, run: str, subject: str) -> str:
    """SQL with `Reach.parameters`: an employer's own people, a unit's of its subtree, all of an organiser's runs.

    The parts are the column of the employer and the aliases of the run and of the person (who may be missing).
    """
    return f"""(:everything OR {run}.organiser = CAST(:organiser AS text)
        OR ({employer} = CAST(:agency AS text)
            AND (CAST(:unit AS uuid) IS NULL OR CAST(:unit AS uuid) = ANY ({subject}.unit_path))))"""
