#include "parsers/exim/escapes.h"
#include "parsers/exim/fields.h"
#include "parsers/exim/line.h"
#include "parsers/scan.h"

// "<= sender fields" and "(= sender fields": src/receive.c receive_msg().
namespace rastro::exim {

namespace {

LineKind read_arrival(const Line& line, Arrival& event) {
  auto rest = line.text;
  event.fake_reject = rest.starts_with("(= ");
  if (!event.fake_reject && !rest.starts_with("<= ")) return LineKind::unrecognised;
  rest.remove_prefix(3);

  const auto sender = maybe_take_mailbox(rest);
  if (!sender) return LineKind::unrecognised;
  event.envelope_sender = *sender == "<>" ? sender->substr(0, 0) : *sender;

  Fields fields;
  if (!take_fields(rest, Place::arrival, line.reading, fields)) return LineKind::unrecognised;
  // log_selector +received_sender and +received_recipients, src/log.c log_write().
  if (rest.starts_with(" from <")) {
    rest.remove_prefix(6);
    if (!maybe_take_address(rest) || !ends_token(rest)) return LineKind::unrecognised;
  }
  if (maybe_take(rest, " for ")) {
    event.recipients = rest;
    rest = {};
  }
  if (!rest.empty() || !(fields.size_bytes || fields.size_masked)) return LineKind::unrecognised;

  event.client = fields.host.peer;
  event.helo = fields.host.helo;
  event.login = fields.login;
  event.login_method = fields.login_method;
  event.protocol = fields.protocol;
  event.tls = fields.tls;
  event.user = fields.user;
  event.message_id = fields.message_id;
  event.size_bytes = fields.size_bytes;
  event.dkim_domain = fields.dkim;
  event.spf_result = fields.spf;
  event.dmarc_result = fields.dmarc;
  event.arc_passed = fields.arc;
  if (fields.subject) event.subject = without_escapes(*fields.subject);
  event.method = event.client.ip.empty() ? ArrivalMethod::local : ArrivalMethod::smtp;
  if (!fields.reference.empty()) {
    event.parent_id = fields.reference;
    event.parent_is_bounced = event.envelope_sender->empty();
  }
  return LineKind::exim_arrival;
}

}  // namespace

ParsedLine parse_arrival(const Line& line) {
  return read_event<Arrival>(line.queue_id,
                             [&](Arrival& event) { return read_arrival(line, event); });
}

}  // namespace rastro::exim
