#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "core/clock.h"
#include "core/enhanced_status.h"

// What one log line says, as typed values: one struct for each thing that an MTA reports, whichever
// MTA it was. Postfix and Exim parsers fill the same structs, so the correlator knows no log
// syntax.
//
// Fields are views into the line, valid until the sink returns; the correlator copies what it
// keeps. A field that the line did not carry is nullopt (or an empty view where "absent" and
// "empty" cannot differ); an optional that holds an empty view means that the line carried it empty
// (the null reverse-path "<>").

namespace rastro {

// The far end of a connection as a line names it. Unknown parts are empty or 0. "unknown" as host
// name (no reverse DNS) is kept as logged.
struct Peer {
  std::string_view host;
  std::string_view ip;  // without brackets and without an "IPv6:" mark
  std::uint16_t port = 0;
};

// smtpd "connect from host[ip]".
struct SessionOpened {
  Peer client;
};

// smtpd "disconnect from host[ip] ehlo=1 mail=1 rcpt=1/2 ...".
struct SessionClosed {
  Peer client;
  std::string_view counts;  // the command counts verbatim: "ehlo=1 mail=1 rcpt=0/1"
};

// A session that ended or stumbled without a verdict: smtpd "lost connection after DATA from ...",
// "timeout after ...", "too many errors after ...", Exim "unexpected disconnection while reading
// SMTP command from ...", "SMTP command timeout on connection from ...".
struct SessionTrouble {
  Peer client;
  std::string_view what;   // "lost connection", "timeout", ... in the log's own words
  std::string_view stage;  // "DATA", "RCPT", "CONNECT"; empty when not said
  std::string_view queue_id;
  std::optional<std::string_view> envelope_sender;
  std::string_view recipients{};  // whom the client had named: take_listed_recipient()
  std::optional<std::string_view> helo{};
  bool turned_away = false;  // it could not go on, and named nobody before
};

// TLS of a connection, named by process, not by message: Postfix "Trusted TLS connection
// established from|to host[ip]:port: TLSv1.3 with cipher ...".
struct SessionTls {
  enum class Direction : std::uint8_t { inbound, outbound };
  Direction direction = Direction::inbound;
  Peer peer;
  std::string_view level;     // "Trusted", "Untrusted", "Anonymous", "Verified"
  std::string_view protocol;  // "TLSv1.3"
  std::string_view cipher;    // "TLS_AES_256_GCM_SHA384"
};

enum class ArrivalMethod : std::uint8_t {
  smtp,      // from another host or program over SMTP: mx, submission or webmail, see login
  local,     // sendmail(1), pickup; the uid or user
  internal,  // made by the MTA itself: a bounce, a forward
};

// A message was taken under `queue_id`: smtpd "ID: client=...", pickup "ID: uid=... from=<...>",
// Exim "ID <= ...". Postfix tells the rest (MessageIdSeen, QueueActive) in later lines; Exim says
// all that it says here.
struct Arrival {
  std::string_view queue_id;
  ArrivalMethod method = ArrivalMethod::smtp;
  bool fake_reject = false;  // Exim "(=": taken although the client was told 550
  Peer client;
  std::optional<std::string_view> helo;   // Exim H=host (helo) [ip]
  std::optional<std::string_view> login;  // sasl_username=, Exim A=authenticator:login
  std::string_view login_method;          // sasl_method=, the authenticator's name
  std::string_view protocol;              // Exim P=; "esmtpsa"
  std::optional<std::string_view> tls;    // Exim X=, verbatim
  std::optional<std::uint32_t> uid;       // pickup uid=
  std::optional<std::string_view> user;   // Exim U=
  std::optional<std::string_view> envelope_sender;
  std::optional<std::string_view> message_id;  // without angle brackets' being touched: as logged
  std::optional<std::uint64_t> size_bytes;
  std::optional<std::string_view> subject;    // Exim T=, quotes and escapes taken off
  std::optional<std::string_view> parent_id;  // orig_queue_id=, pickup orig_id=, Exim R=ID
  bool parent_is_bounced = false;  // the parent link says: this is a report on the parent
  Peer original_client;            // orig_client=: the client before the filter
  std::string_view recipients;     // Exim "for a@x b@y": blank-separated, take_listed_recipient()
  // What Exim's line says of checks. A flag without a value says "pass" or "accept" (4.99).
  std::string_view dkim_domain;   // DKIM=: the first one whose signature is good
  std::string_view spf_result;    // SPF, SPF=
  std::string_view dmarc_result;  // DMARC, DMARC=
  bool arc_passed = false;        // ARC
};

// Takes one address off a blank-separated list (quoted local parts may hold blanks); empty at the
// end.
std::string_view take_listed_recipient(std::string_view& list);

// cleanup "ID: message-id=<...>", "ID: resent-message-id=<...>". The value as logged, brackets and
// all; it may be empty.
struct MessageIdSeen {
  std::string_view queue_id;
  std::string_view message_id;
  bool resent = false;
};

// qmgr "ID: from=<...>, size=..., nrcpt=... (queue active)". Repeated at every retry.
struct QueueActive {
  std::string_view queue_id;
  std::string_view envelope_sender;
  std::optional<std::uint64_t> size_bytes;
  std::optional<std::uint32_t> recipient_count;  // after expansion; on retries what is left
};

// Postfix delays=a/b/c/d: before the queue manager, in the queue manager, connection set-up,
// transmission.
struct Delays {
  Duration before_queue_manager{0};
  Duration in_queue_manager{0};
  Duration connection_setup{0};
  Duration transmission{0};
  friend bool operator==(const Delays&, const Delays&) = default;
};

enum class DeliveryStatus : std::uint8_t {
  sent,
  deferred,
  bounced,
  expired,        // this recipient was given up: Exim's second "**" ("retry timeout exceeded")
  undeliverable,  // verify probes: not mail
  deliverable,
  discarded,  // Exim ":blackhole:", "discarded"; Postfix discard(8) logs "sent"
};

// Where a sent message went, as far as the line says.
enum class DeliveredTo : std::uint8_t { nowhere, mailbox, remote, program, file };

// One attempt to deliver one message to one recipient, as one log line states it.
struct DeliveryAttempt {
  std::string_view queue_id;
  std::optional<std::string_view> recipient;  // as logged: case and quoting kept; absent only in
                                              // "status=deferred (bounce failed)"
  std::optional<std::string_view> original_recipient;  // orig_to=; Exim "final <original>"
  std::string_view agent;  // smtp, lmtp, local, virtual, pipe, error; Exim T=
  Peer relay;              // host empty: none
  DeliveryStatus status = DeliveryStatus::deferred;
  DeliveredTo delivered_to = DeliveredTo::nowhere;
  bool bookkeeping = false;  // error(8)/retry(8), Exim -51..-54: repeats an older cause, no attempt
  bool soft_bounce = false;  // status=SOFTBOUNCE
  bool by_system_filter = false;  // Exim "final <system-filter>": nobody was addressed so
  std::optional<EnhancedStatus> enhanced_status;
  std::uint16_t reply_code = 0;   // three digits from the reply, 0: none
  std::string_view reply_text;    // what stands in the outermost parentheses, or after Exim's
                                  // colon; free text, never searched for fields
  std::optional<Duration> delay;  // since arrival
  std::optional<Delays> delays;
  std::optional<std::string_view> tls;        // tls= (3.11), Exim X=
  std::optional<std::string_view> queued_as;  // from a 2xx reply only: claimed by the peer
  std::string_view forwarded_as;              // local(8) "forwarded as ID2": our own id, certain
  std::string_view file_or_command;           // Exim "/path <addr>", "|command <addr>"; Postfix's
                                              // text for command and file deliveries
  std::string_view router;                    // Exim R=
  std::string_view dsn_original_recipient;
  std::string_view dkim_signed;  // Exim DKIM= (4.100): the domain in whose name it was signed
  std::optional<std::string_view> envelope_sender;  // Exim F=
};

// The queue manager (or an admin) is done with the message: qmgr "ID: removed", Exim "Completed".
struct Removed {
  enum class By : std::uint8_t { queue_manager, admin, cleanup_canceled, cleanup_discarded };
  std::string_view queue_id;
  By by = By::queue_manager;
};

// Given up after the queue lifetime: qmgr "ID: from=<...>, status=expired, returned to sender" or
// "force-expired". Ends the recipients still open, not those already sent.
struct MessageExpired {
  std::string_view queue_id;
  std::string_view envelope_sender;
  bool forced = false;
};

// What somebody or some rule did to a message in the queue.
struct QueueAction {
  enum class Action : std::uint8_t {
    held,              // postsuper -h, cleanup/milter hold, Exim frozen
    released,          // postsuper -H, Exim unfrozen
    requeued,          // postsuper -r
    deleted,           // postsuper -d, Exim "removed by"
    expired,           // postsuper -e/-f
    cancelled,         // Exim "cancelled by": bounces what is left
    still_held,        // Exim "Message is frozen" at a queue run
    error_ignored,     // Exim "error ignored": the silent end of a bounce
    marked_delivered,  // Exim "address <a> marked delivered by"
    recipient_added,   // Exim "recipient <a> added by"
    sender_changed,    // Exim "sender address changed to <a> by"
    skipped,           // "skipped, still being delivered", Exim "Spool file is locked"
  };
  std::string_view queue_id;
  Action action = Action::held;
  std::optional<std::string_view> address;
  std::string_view by;    // who, as logged: "root", "timeout_frozen_after"
  std::string_view text;  // why, as logged
};

// The MTA made another message about this one: bounce(8) "PARENT: sender non-delivery
// notification: CHILD".
struct ChildAnnounced {
  enum class Kind : std::uint8_t {
    non_delivery,     // a bounce to the sender
    delay,            // "still trying"
    delivery_status,  // success report asked for by the sender
    postmaster,       // a copy for the postmaster
  };
  std::string_view queue_id;
  std::string_view child_id;
  Kind kind = Kind::non_delivery;
};

// A policy said something about a client, a sender, a recipient or a content: smtpd "NOQUEUE:
// reject: RCPT from ...", cleanup "ID: reject: header ...", milters, postscreen, Exim "rejected
// RCPT". Only `reject` and `discard`-like actions change an outcome.
struct PolicyVerdict {
  enum class Action : std::uint8_t {
    reject,
    reject_warning,
    hold,
    discard,
    redirect,
    filter,
    warn,
    info,
    prepend,
    replace,
    bcc,
    permit,
    client_accepted,  // "NOQUEUE: client=": before a proxy filter
    proxy_accept,
    proxy_reject,
    recipients_replaced,  // those so far get nothing, others are to come: Exim's system filter
  };
  std::string_view queue_id;  // empty: NOQUEUE
  Action action = Action::reject;
  std::string_view stage;  // CONNECT, EHLO, MAIL, RCPT, DATA, END-OF-MESSAGE, header, body, ...
  Peer client;
  std::uint16_t reply_code = 0;
  std::optional<EnhancedStatus> enhanced_status;
  std::string_view reply_text;  // code and enhanced status included, as logged
  std::optional<std::string_view> envelope_sender;
  std::optional<std::string_view> recipient;
  std::string_view protocol;
  std::optional<std::string_view> helo;
  std::optional<std::string_view> login;
  std::string_view target;          // redirect, filter, bcc: where to
  std::string_view subject_matter;  // the header or body line that a check names; a stranger's text
  std::string_view subject;         // of that line, when it is the header of that name
  std::optional<std::string_view> message_id;
  std::optional<std::uint64_t> size_bytes;
  bool temporary = false;  // said to be for now, with no code: Exim "temporarily rejected"
  // A warning of a client that could not go on: a limit of anvil(8)'s, TLS that failed.
  bool turned_away = false;
  std::string_view other_recipients{};  // beside `recipient`: "b@y, c@z", as sa-exim lists them
};

// One host of several refused or could not be reached; no recipient's state is told: "ID: host
// mx[ip] said: 450 ...", "ID: lost connection with ...", Exim "ID H=host [ip] Connection refused".
// queue_id is empty in "connect to host[ip]:25: Connection refused".
struct HostFailure {
  std::string_view queue_id;
  Peer relay;
  std::string_view text;
};

// Names a message and changes nothing about it, or stops it before it was queued.
struct Note {
  enum class About : std::uint8_t {
    other,
    size_limit,   // cleanup "warning: ID: queue file size limit exceeded"
    hop_count,    // "message rejected: hopcount exceeded"
    queue_error,  // local trouble: no space, write error
    put_off,      // nobody was tried: Exim's system filter, or an error in it
  };
  std::string_view queue_id;
  About about = About::other;
  std::string_view text;
};

// A program on this host called the MTA: Exim "cwd=/home/u/public_html 3 args: sendmail -t -i".
struct LocalInvocation {
  std::string_view cwd;
  std::string_view args;
  std::string_view queue_id;  // of "-Mc ID" and the like; empty otherwise
};

// A login to submit or read mail, accepted or refused: "warning: host[ip]: SASL LOGIN
// authentication failed: ...", dovecot auth lines.
struct LoginResult {
  Peer client;
  std::optional<std::string_view> login;
  std::string_view method;
  std::string_view text;
  bool accepted = false;
  std::string_view service{};  // "imap", "pop3", "submission"; empty when not said
  std::string_view session{};  // the id that a companion's other lines carry too
  std::string_view tls{};      // as logged: "TLS", "secured"
};

// What a companion found out about a message. Joined by whatever keys it carries; never opens a
// leg.
struct CompanionFact {
  struct NameValue {
    std::string_view name;
    std::string_view value;
  };
  static constexpr std::size_t kValuesMax = 8;
  std::string_view source;  // "rspamd", "opendkim", ...
  std::string_view queue_id;
  std::string_view task;  // what all its lines about one message begin with: "12345-01", "4cfb87"
  std::optional<std::string_view> message_id;
  Peer client;
  std::optional<std::string_view> envelope_sender;
  std::optional<std::string_view> recipient;
  std::array<NameValue, kValuesMax> values{};
  std::uint8_t value_count = 0;
};

// Where a delivery agent behind the MTA put the message: dovecot "saved mail to INBOX".
struct MailboxResult {
  enum class What : std::uint8_t { saved, discarded, forwarded, rejected, deferred };
  What what = What::saved;
  std::string_view source;
  std::string_view session;
  std::optional<std::string_view> message_id;
  std::optional<std::string_view> recipient;  // the account
  std::string_view folder;
  std::string_view text;
};

// The log itself says that lines are missing: rsyslog "imuxsock lost 12 messages", journald
// "Suppressed 80 messages from postfix.service".
struct LogLoss {
  enum class Stage : std::uint8_t {
    begun,      // from now on lines are dropped
    counted,    // that many were; 0: how many is not told
    ended,      // from now on none is
    restarted,  // the syslog daemon starts: what it dropped before it does not count any more
  };
  Stage stage = Stage::counted;
  std::uint64_t lines = 0;
  std::optional<std::chrono::seconds> within{};  // over which the limit counts, if it says so
  std::string_view text;
};

using Event =
    std::variant<std::monostate, SessionOpened, SessionClosed, SessionTrouble, SessionTls, Arrival,
                 MessageIdSeen, QueueActive, DeliveryAttempt, Removed, MessageExpired, QueueAction,
                 ChildAnnounced, PolicyVerdict, HostFailure, Note, LocalInvocation, LoginResult,
                 CompanionFact, MailboxResult, LogLoss>;

// Whose log it is: id formats, link rules and generations differ.
enum class Mta : std::uint8_t { none, postfix, exim };

// What stands around the message of a line, once its header is taken off. Views into the line.
struct LineHeader {
  Time logged_at{};
  std::string_view host;
  std::string_view program;    // the tag as logged: "postfix/submission/smtpd", "exim"
  std::uint32_t pid = 0;       // 0: none
  std::uint32_t repeated = 1;  // "message repeated 3 times: [ ... ]": how often it counts
};

// Where a line stands, so that it can be found again.
struct LineRef {
  std::uint32_t source = 0;  // number of the source's content generation, store's source table
  std::uint32_t length = 0;  // bytes with the line end
  std::uint64_t offset = 0;  // of the first byte in the uncompressed content
  friend auto operator<=>(const LineRef&, const LineRef&) = default;
};

}  // namespace rastro
