"""A quarter of a minute in the life of a small mail server: the sample logs of the quickstart come from this."""

from .scenario import Run, To, bounced, mailbox, rejected, remote, scenario
from .scenarios_common import ANA, EVA, LUIS, ROSA
from .sink import Script
from .world import NAMELESS_CLIENT, SECOND_CLIENT


@scenario()
def sample(run: Run):
    busy = "450 4.2.0 <rosa@moody.example.net>: Recipient address rejected: Greylisted, see https://example.net/greylist"
    run.start(with_dovecot=run.is_postfix, scripts={
        "moody.example.net": Script(rcpt={
            ROSA: [busy, busy, busy, "250 2.1.5 Ok"],
            "pablo@moody.example.net": ["452 4.2.2 <pablo@moody.example.net>: Mailbox full, quota exceeded"],
            "sales@moody.example.net": ["550 5.1.1 <sales@moody.example.net>: Recipient address rejected: User unknown in virtual mailbox table"]}),
        "mx1.example.net": Script(end_of_data=["250 2.0.0 Ok: queued as {queue_id}"])})
    run.send(EVA, [mailbox("juan@example.org")], headers={"Subject": "Lunch?"})
    run.send("juan@example.org", [remote(EVA)], login="juan@example.org", headers={"Subject": "Re: Lunch?"})
    run.send(ANA, [remote(ROSA)], login=ANA, headers={"Subject": "Contract"})
    run.send(ANA, [remote(LUIS), bounced("sales@moody.example.net"), To("pablo@moody.example.net", "deferred"), mailbox("maria@example.org")],
             login=ANA, bounce=mailbox(ANA), headers={"Subject": "Price list"})
    run.send("promo@example.com", [rejected("maira@example.org"), mailbox("maria@example.org")], source=SECOND_CLIENT, helo="outgoing2.example.com")
    run.send("win@example.net", [rejected("someone@example.com")], accepted=False, source=NAMELESS_CLIENT, helo="[203.0.113.99]")
    run.sendmail("www-data@example.org", [mailbox("juan@example.org", "info@example.org"), remote("customer@example.com")], user="www-data", args=["-t", "-i"], headers={"Subject": "Order 1017"})
    run.send("", [mailbox("juan@example.org")], source=SECOND_CLIENT, helo="outgoing2.example.com", headers={"Subject": "Undelivered Mail"})
    with run.mta.session(NAMELESS_CLIENT, 587, "[203.0.113.99]") as session:
        run.encounter("failed_login", client_ip=NAMELESS_CLIENT, login="admin@example.org", reply=session.login("admin@example.org", "123456"))
    run.keep_traditional = run.is_postfix
    run.mta.wait_for_log("Mailbox full", count=4)
    run.mta.wait_idle(waiting=("deferred",) if run.is_postfix else 1)
