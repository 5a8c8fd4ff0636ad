#include <string>

#include "cli/json_fields.h"
#include "cli/render.h"
#include "cli/times.h"

namespace rastro::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kLabelColumns = 12;

class Page {
 public:
  Page(const Terminal& terminal, std::int64_t now) : terminal_(terminal), now_(now) {}

  void heading(std::string_view text) {
    out_ += "\n" + paint(terminal_, Colour::bold, text) + "\n";
  }
  void line(std::string_view text, std::size_t indent = 2) {
    out_ += wrap(text, terminal_.width, indent);
  }
  // "  label     text", further lines under the text.
  void field(std::string_view label, std::string_view text) {
    if (text.empty()) return;
    auto block = wrap(text, terminal_.width, kLabelColumns + 2);
    block.replace(2, kLabelColumns, fit(label, kLabelColumns, true));
    out_ += block;
  }
  std::string when(const json::object& object, std::string_view name) const {
    return local_time(text_of(object, name), now_);
  }
  void raw(std::string_view text) { out_ += text; }
  const Terminal& terminal() const { return terminal_; }
  std::string take() { return std::move(out_); }

 private:
  const Terminal& terminal_;
  std::int64_t now_;
  std::string out_;
};

std::string host_text(std::string_view host, std::string_view ip) {
  std::string text = escape(host);
  if (!ip.empty()) text += (text.empty() ? "[" : " [") + escape(ip) + "]";
  return text;
}

std::string method_text(const json::object& submission) {
  const auto method = text_of(submission, "method");
  std::string text;
  if (method == "mx") text = "from another mail server";
  if (method == "submission") text = "by a logged-in mail program";
  if (method == "webmail") text = "by webmail";
  if (method == "local") text = "on this host";
  if (method == "script") text = "by a script on this host";
  if (method == "bounce") text = "made by the mail system itself";
  const auto add = [&](std::string_view label, const std::string& value) {
    if (!value.empty()) text += (text.empty() ? "" : ", ") + std::string(label) + escape(value);
  };
  add("login ", text_of(submission, "login"));
  add("user ", text_of(submission, "user"));
  if (has_number(submission, "uid")) add("uid ", std::to_string(number_of(submission, "uid")));
  add("in ", text_of(submission, "script_dir"));
  const auto client =
      host_text(text_of(submission, "client_host"), text_of(submission, "client_ip"));
  if (!client.empty()) text += (text.empty() ? "" : ", ") + std::string("client ") + client;
  return text;
}

void show_head(Page& page, const json::object& journey) {
  const auto sender =
      has_text(journey, "envelope_sender") ? text_of(journey, "envelope_sender") : "?";
  page.field("From", sender.empty() ? "<> (a report of a mail system)" : escape(sender));
  page.field("Arrived", page.when(journey, "arrived_at"));
  page.field("Submitted", method_text(object_of(journey, "submission")));
  const auto& accepted = object_of(journey, "accepted");
  if (accepted.empty()) {
    page.field("Accepted", "no, or its acceptance stands in no line");
  } else {
    auto text = "yes, " + page.when(accepted, "at");
    if (!text_of(accepted, "by").empty()) text += " by " + escape(text_of(accepted, "by"));
    if (!text_of(accepted, "tls").empty())
      text += ", encrypted: " + escape(text_of(accepted, "tls"));
    page.field("Accepted", text);
  }
  if (has_number(journey, "size_bytes")) {
    page.field("Size", std::to_string(number_of(journey, "size_bytes")) + " bytes");
  }
  page.field("Subject", escape(text_of(journey, "subject")));
  page.field("Message-ID", escape(text_of(journey, "message_id")));
  if (!is_true(journey, "complete")) {
    page.field("Note",
               "not every log line of this message is known (log not complete, or it goes on)");
  }
}

void show_recipient(Page& page, const json::object& recipient) {
  const auto outcome = text_of(recipient, "outcome");
  const auto colour = outcome == "delivered" ? Colour::green
                      : outcome == "deferred" || outcome == "queued" || outcome == "held"
                          ? Colour::yellow
                          : Colour::red;
  page.raw("  " + fit(escape(text_of(recipient, "recipient")), page.terminal().width - 20) + ": " +
           paint(page.terminal(), colour, escape(outcome)) + "\n");
  page.field("  alias", escape(text_of(recipient, "original_recipient")));
  page.field("  where", [&] {
    auto text = text_of(recipient, "delivered_to");
    if (text == "remote") text = "that server took responsibility; the inbox is not proven";
    const auto folder = text_of(recipient, "folder");
    if (!folder.empty()) text += ", folder " + escape(folder);
    return text;
  }());
  const auto& relay = object_of(recipient, "relay");
  auto through = host_text(text_of(relay, "host"), text_of(relay, "ip"));
  const auto agent = text_of(recipient, "agent");
  if (!agent.empty())
    through += (through.empty() ? "" : ", ") + std::string("agent ") + escape(agent);
  page.field("  through", through);
  page.field("  reason", escape(text_of(recipient, "reason")));
  page.field("  unknown", escape(text_of(recipient, "unknown_because")));
  page.field("  said", escape(text_of(recipient, "reply_text")));
  const auto attempts = number_of(recipient, "attempts");
  if (attempts > 0) {
    auto text = std::to_string(attempts);
    if (attempts == 1) {
      text += ", " + page.when(recipient, "last_attempt_at");
    } else {
      text += ", first " + page.when(recipient, "first_attempt_at") + ", last " +
              page.when(recipient, "last_attempt_at");
    }
    page.field("  attempts", text);
  }
  const auto next = text_of(recipient, "next_attempt_expected_at");
  if (!next.empty()) {
    page.field("  next",
               "about " + page.when(recipient, "next_attempt_expected_at") + " (estimate)");
  }
  page.field("  means", escape(text_of(object_of(recipient, "explanation"), "text")));
}

void show_timeline(Page& page, const json::object& journey) {
  const auto& timeline = array_of(journey, "timeline");
  if (timeline.empty()) return;
  page.heading("Timeline");
  for (const auto& value : timeline) {
    if (!value.is_object()) continue;
    const auto& entry = value.get_object();
    auto text = page.when(entry, "at") + "  " + escape(text_of(entry, "kind"));
    if (!text_of(entry, "recipient").empty()) text += " " + escape(text_of(entry, "recipient"));
    const auto& relay = object_of(entry, "relay");
    const auto through = host_text(text_of(relay, "host"), text_of(relay, "ip"));
    if (!through.empty()) text += " via " + through;
    if (!text_of(entry, "reply_text").empty()) text += ": " + escape(text_of(entry, "reply_text"));
    page.line(text);
  }
}

void show_legs_and_links(Page& page, const json::object& journey) {
  page.heading("Legs");
  for (const auto& value : array_of(journey, "legs")) {
    if (!value.is_object()) continue;
    const auto& leg = value.get_object();
    const auto id = text_of(leg, "queue_id");
    page.line(escape(text_of(leg, "host")) + " " + escape(text_of(leg, "mta")) + " " +
              (id.empty() ? "refused in the SMTP dialogue" : escape(id)) + ", " +
              page.when(leg, "opened_at") +
              (text_of(leg, "closed_at").empty() ? ", still open"
                                                 : " to " + page.when(leg, "closed_at")));
  }
  for (const auto& value : array_of(journey, "links")) {
    if (!value.is_object()) continue;
    const auto& link = value.get_object();
    auto text = escape(text_of(link, "kind")) + " " + escape(text_of(link, "direction")) + ": " +
                escape(text_of(link, "queue_id"));
    if (!text_of(link, "journey").empty()) text += ", journey " + escape(text_of(link, "journey"));
    if (!text_of(link, "outcome").empty()) text += ", " + escape(text_of(link, "outcome"));
    if (is_true(link, "inferred")) text += " (inferred)";
    page.line(text);
  }
}

void show_evidence(Page& page, const json::object& journey) {
  bool any = false;
  for (const auto& value : array_of(journey, "evidence")) {
    if (!value.is_object()) continue;
    const auto& evidence = value.get_object();
    if (!has_text(evidence, "line")) continue;
    if (!any) page.heading("Log lines");
    any = true;
    page.raw(paint(page.terminal(), Colour::dim,
                   escape(text_of(evidence, "source")) + " at " +
                       std::to_string(number_of(evidence, "offset"))) +
             "\n");
    page.raw(escape(text_of(evidence, "line")) + "\n");
  }
}

}  // namespace

std::string render_journey(const json::object& journey, const Terminal& terminal,
                           std::int64_t now) {
  Page page(terminal, now);
  page.raw(paint(terminal, Colour::bold, "Message " + escape(text_of(journey, "id"))) + "\n");
  show_head(page, journey);
  const auto& recipients = array_of(journey, "recipients");
  page.heading(recipients.empty() ? "Recipients: the log names none" : "Recipients");
  for (const auto& value : recipients) {
    if (value.is_object()) show_recipient(page, value.get_object());
  }
  show_timeline(page, journey);
  show_legs_and_links(page, journey);
  const auto& facts = array_of(journey, "facts");
  if (!facts.empty()) page.heading("Facts");
  for (const auto& value : facts) {
    if (!value.is_object()) continue;
    const auto& fact = value.get_object();
    page.line(escape(text_of(fact, "source")) + ": " + escape(text_of(fact, "name")) + " " +
              escape(text_of(fact, "value")));
  }
  show_evidence(page, journey);
  return page.take();
}

}  // namespace rastro::cli
