#include "tests/support/event_text.h"

#include <chrono>
#include <cstdio>
#include <optional>
#include <type_traits>

#include "parsers/registry.h"
#include "parsers/syslog_header.h"

namespace rastro {
namespace {

class Writer {
 public:
  explicit Writer(std::string_view kind) : out_(kind) {}

  void put(std::string_view name, std::string_view value) {
    if (!value.empty()) quoted(name, value);
  }
  void put(std::string_view name, const std::optional<std::string_view>& value) {
    if (value) quoted(name, *value);
  }
  template <typename T>
    requires std::is_integral_v<T>
  void put(std::string_view name, T value) {
    if (value != 0) quoted(name, std::to_string(value));
  }
  template <typename T>
    requires std::is_integral_v<T>
  void put(std::string_view name, const std::optional<T>& value) {
    if (value) quoted(name, std::to_string(*value));
  }
  template <typename T>
    requires std::is_enum_v<T>
  void put(std::string_view name, T value) {
    quoted(name, std::to_string(static_cast<int>(value)));
  }
  void put(std::string_view name, const std::optional<EnhancedStatus>& value) {
    if (value) quoted(name, to_string(*value));
  }
  void put(std::string_view name, const std::optional<Duration>& value) {
    if (value) quoted(name, milliseconds(*value));
  }
  void put(std::string_view name, const std::optional<Delays>& value) {
    if (!value) return;
    quoted(name, milliseconds(value->before_queue_manager) + "/" +
                     milliseconds(value->in_queue_manager) + "/" +
                     milliseconds(value->connection_setup) + "/" +
                     milliseconds(value->transmission));
  }
  void put(std::string_view name, const Peer& peer) {
    std::string text(peer.host);
    if (!peer.ip.empty()) text += "[" + std::string(peer.ip) + "]";
    if (peer.port != 0) text += ":" + std::to_string(peer.port);
    put(name, std::string_view(text));
  }
  std::string take() { return std::move(out_); }

 private:
  static std::string milliseconds(Duration value) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(value).count()) +
           "ms";
  }

  void quoted(std::string_view name, std::string_view value) {
    out_ += ' ';
    out_ += name;
    out_ += "=\"";
    for (const char byte : value) {
      if (byte == '"' || byte == '\\') {
        out_ += '\\';
        out_ += byte;
      } else if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f) {
        char escape[8];
        std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned char>(byte));
        out_ += escape;
      } else {
        out_ += byte;
      }
    }
    out_ += '"';
  }

  std::string out_;
};

void write(Writer&, const std::monostate&) {}
void write(Writer& w, const SessionOpened& e) { w.put("client", e.client); }
void write(Writer& w, const SessionClosed& e) {
  w.put("client", e.client);
  w.put("counts", e.counts);
}
void write(Writer& w, const SessionTrouble& e) {
  w.put("id", e.queue_id);
  w.put("client", e.client);
  w.put("what", e.what);
  w.put("stage", e.stage);
  w.put("from", e.envelope_sender);
}
void write(Writer& w, const SessionTls& e) {
  w.put("direction", e.direction);
  w.put("peer", e.peer);
  w.put("level", e.level);
  w.put("protocol", e.protocol);
  w.put("cipher", e.cipher);
}
void write(Writer& w, const Arrival& e) {
  w.put("id", e.queue_id);
  w.put("method", e.method);
  w.put("fake_reject", e.fake_reject);
  w.put("client", e.client);
  w.put("helo", e.helo);
  w.put("login", e.login);
  w.put("login_method", e.login_method);
  w.put("protocol", e.protocol);
  w.put("tls", e.tls);
  w.put("uid", e.uid);
  w.put("user", e.user);
  w.put("from", e.envelope_sender);
  w.put("message_id", e.message_id);
  w.put("size", e.size_bytes);
  w.put("subject", e.subject);
  w.put("parent", e.parent_id);
  w.put("parent_is_bounced", e.parent_is_bounced);
  w.put("original_client", e.original_client);
  w.put("recipients", e.recipients);
  w.put("dkim", e.dkim_domain);
  w.put("spf", e.spf_result);
  w.put("dmarc", e.dmarc_result);
  w.put("arc", e.arc_passed);
}
void write(Writer& w, const MessageIdSeen& e) {
  w.put("id", e.queue_id);
  w.put("message_id", std::optional(e.message_id));
  w.put("resent", e.resent);
}
void write(Writer& w, const QueueActive& e) {
  w.put("id", e.queue_id);
  w.put("from", std::optional(e.envelope_sender));
  w.put("size", e.size_bytes);
  w.put("nrcpt", e.recipient_count);
}
void write(Writer& w, const DeliveryAttempt& e) {
  w.put("id", e.queue_id);
  w.put("to", e.recipient);
  w.put("orig_to", e.original_recipient);
  w.put("agent", e.agent);
  w.put("relay", e.relay);
  w.put("status", e.status);
  w.put("delivered_to", e.delivered_to);
  w.put("bookkeeping", e.bookkeeping);
  w.put("soft_bounce", e.soft_bounce);
  w.put("by_system_filter", e.by_system_filter);
  w.put("enhanced_status", e.enhanced_status);
  w.put("code", e.reply_code);
  w.put("reply", e.reply_text);
  w.put("delay", e.delay);
  w.put("delays", e.delays);
  w.put("tls", e.tls);
  w.put("queued_as", e.queued_as);
  w.put("forwarded_as", e.forwarded_as);
  w.put("file_or_command", e.file_or_command);
  w.put("router", e.router);
  w.put("orcpt", e.dsn_original_recipient);
  w.put("dkim_signed", e.dkim_signed);
  w.put("from", e.envelope_sender);
}
void write(Writer& w, const Removed& e) {
  w.put("id", e.queue_id);
  w.put("by", e.by);
}
void write(Writer& w, const MessageExpired& e) {
  w.put("id", e.queue_id);
  w.put("from", std::optional(e.envelope_sender));
  w.put("forced", e.forced);
}
void write(Writer& w, const QueueAction& e) {
  w.put("id", e.queue_id);
  w.put("action", e.action);
  w.put("address", e.address);
  w.put("by", e.by);
  w.put("text", e.text);
}
void write(Writer& w, const ChildAnnounced& e) {
  w.put("id", e.queue_id);
  w.put("child", e.child_id);
  w.put("kind", e.kind);
}
void write(Writer& w, const PolicyVerdict& e) {
  w.put("id", e.queue_id);
  w.put("action", e.action);
  w.put("stage", e.stage);
  w.put("client", e.client);
  w.put("code", e.reply_code);
  w.put("enhanced_status", e.enhanced_status);
  w.put("reply", e.reply_text);
  w.put("from", e.envelope_sender);
  w.put("to", e.recipient);
  w.put("protocol", e.protocol);
  w.put("helo", e.helo);
  w.put("login", e.login);
  w.put("target", e.target);
  w.put("content", e.subject_matter);
  w.put("message_id", e.message_id);
  w.put("size", e.size_bytes);
  w.put("temporary", e.temporary);
}
void write(Writer& w, const HostFailure& e) {
  w.put("id", e.queue_id);
  w.put("relay", e.relay);
  w.put("text", e.text);
}
void write(Writer& w, const Note& e) {
  w.put("id", e.queue_id);
  w.put("about", e.about);
  w.put("text", e.text);
}
void write(Writer& w, const LocalInvocation& e) {
  w.put("id", e.queue_id);
  w.put("cwd", e.cwd);
  w.put("args", e.args);
}
void write(Writer& w, const LoginResult& e) {
  w.put("client", e.client);
  w.put("login", e.login);
  w.put("method", e.method);
  w.put("text", e.text);
  w.put("service", e.service);
  w.put("session", e.session);
  w.put("tls", e.tls);
  w.put("accepted", e.accepted);
}
void write(Writer& w, const CompanionFact& e) {
  w.put("source", e.source);
  if (!e.task.empty()) w.put("task", e.task);
  w.put("id", e.queue_id);
  w.put("message_id", e.message_id);
  w.put("client", e.client);
  w.put("from", e.envelope_sender);
  w.put("to", e.recipient);
  for (std::size_t i = 0; i < e.value_count; ++i) w.put(e.values[i].name, e.values[i].value);
}
void write(Writer& w, const MailboxResult& e) {
  w.put("what", e.what);
  w.put("source", e.source);
  w.put("session", e.session);
  w.put("message_id", e.message_id);
  w.put("to", e.recipient);
  w.put("folder", e.folder);
  w.put("text", e.text);
}
void write(Writer& w, const LogLoss& e) {
  if (e.stage == LogLoss::Stage::begun) w.put("stage", std::string_view("begun"));
  if (e.stage == LogLoss::Stage::ended) w.put("stage", std::string_view("ended"));
  if (e.stage == LogLoss::Stage::restarted) w.put("stage", std::string_view("restarted"));
  w.put("lines", e.lines);
  if (e.within) w.put("within_s", static_cast<std::uint64_t>(e.within->count()));
  w.put("text", e.text);
}

}  // namespace

std::string event_text(const ParsedLine& parsed) {
  Writer writer(line_kind_name(parsed.kind));
  std::visit([&](const auto& event) { write(writer, event); }, parsed.event);
  return writer.take();
}

std::string event_text_of_line(std::string_view line, const std::string& zone) {
  const auto format = detect_format(line);
  StampReader stamps(zone, Time(std::chrono::seconds(1795000000)));
  LineHeader header;
  const bool taken = format == LineFormat::exim ? maybe_take_exim_stamp(line, stamps, header)
                                                : maybe_take_syslog_header(line, stamps, header);
  if (!taken) return "header";
  if (format == LineFormat::exim) header.program = "exim";
  const auto program = find_program(header.program);
  if (program.parse == nullptr) return "foreign";
  return event_text(program.parse(header, line));
}

}  // namespace rastro
