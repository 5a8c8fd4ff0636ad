// MailScanner (Message.pm, MessageBatch.pm, PFDiskStore.pm, SweepContent.pm, ...): takes messages
// out of Postfix' hold queue and puts them back under a new id, or not at all. It names a message
// of Postfix as "ID.XXXXX".
#include <algorithm>
#include <cctype>

#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

// "4F1A2B3C4D.A1B2C" as the queue id in it, or empty.
std::string_view queue_id_in(std::string_view name) {
  constexpr std::size_t kMarkSize = 5;
  if (is_exim_message_id(name)) return name;
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return is_queue_id(name) ? name : std::string_view();
  const auto mark = name.substr(dot + 1);
  const bool marked = mark.size() == kMarkSize && std::ranges::all_of(mark, [](unsigned char c) {
                        return std::isxdigit(c) != 0;
                      });
  const auto id = name.substr(0, dot);
  return marked && is_postfix_queue_id(id) ? id : std::string_view();
}

// What its holes are, in order: 'm' the message, 'i' the client, 'f' the sender, 'v' the value, '-'
// nothing that is kept.
struct MessageForm {
  std::string_view text;
  std::string_view holes;
  std::string_view value_name;
  std::string_view verdict;
};
constexpr MessageForm kMessageForms[] = {
    {"Message {} from {} ({?}) to {} is too big for spam checks ({})", "mif--", "", "not checked"},
    {"Message {} from {} ({?}) to {} is whitelisted", "mif-", "", "whitelisted"},
    {"Message {} from {} ({?}) is whitelisted", "mif", "", "whitelisted"},
    {"Message {} from {} ({?}) to {} is {}", "mif-v", "verdict", ""},
    {"Spam Actions: message {} actions are {}", "mv", "actions", ""},
    {"Non-spam Actions: message {} actions are {}", "mv", "actions", ""},
    {"MCP Actions: message {} actions are {}", "mv", "actions", ""},
    {"Spam Actions: message {} actions are", "m", "", ""},
    {"Infected message {} came from {}", "mi", "", "infected"},
    {"RBL checks: {} found in {}", "mv", "list", ""},
    {"SpamAssassin cache hit for message {}", "m", "", ""},
    {"Logging message {} to SQL", "m", "", ""},
    {"{}: Logged to MailWatch SQL", "m", "", ""},
    {"Filename Checks: {} ({} {})", "vm-", "filename", ""},
    {"Filetype Checks: {} ({} {})", "vm-", "filetype", ""},
    {"Content Checks: Detected {} in HTML message in {} from {}", "vmf", "content", ""},
    {"Content Checks: Detected and have disarmed {} in HTML message in {} from {}", "vmf",
     "content", ""},
    {"Content Checks: {} in {}", "vm", "content", ""},
};

// About the batch that it scans: which of the messages in it is in no line.
constexpr KnownForm kTrouble[] = {
    {"Commercial scanner {} timed out!", "SweepViruses.pm"},
    {"{}: Failed to complete, timed out", "SweepViruses.pm"},
    {"Virus Scanning: Denial Of Service attack detected!", "SweepViruses.pm"},
    {"Virus Scanner {} timed out!", "SweepViruses.pm"},
    {"SpamAssassin timed out and was killed, failure {} of {}", "SA.pm"},
    {"SpamAssassin timed out (with no network checks) and was killed, failure {} of {}", "SA.pm"},
    {"RBL Check {} timed out and was killed, consecutive failure {} of {}", "RBLs.pm"},
    {"Could not use Custom Function code MailScanner::CustomConfig::{}", "Config.pm"},
    {"Could not read file {}, {}", "Config.pm"},
    {"Syntax error in line {} of ruleset file {}", "Config.pm"},
    {"ERROR: {}", "bin/MailScanner"},
    {"Error: {}", "bin/MailScanner"},
    {"WARNING: {}", "bin/MailScanner"},
};

constexpr KnownForm kIgnored[] = {
    {"Initialising database connection", "MailWatch, MailWatch.pm"},
    {"Finished initialising database connection", "MailWatch, MailWatch.pm"},
    {"Started SQL Logging child", "MailWatch, MailWatch.pm"},
    {"MailWatch: {}", "MailWatch, MailWatch.pm"},
    {"New Batch: Scanning {} messages, {} bytes", "MessageBatch.pm"},
    {"New Batch: Forwarding {} unscanned messages, {} bytes", "MessageBatch.pm"},
    {"New Batch: Found {} messages waiting", "MessageBatch.pm"},
    {"Batch ({} message) processed in {} seconds", "MessageBatch.pm"},
    {"Batch ({} messages) processed in {} seconds", "MessageBatch.pm"},
    {"Batch processed in {} seconds", "MessageBatch.pm"},
    {"Batch completed at {} bytes per second ({} / {})", "MessageBatch.pm"},
    {"Spam Checks completed at {} bytes per second", "MessageBatch.pm"},
    {"Virus Scanning completed at {} bytes per second", "MessageBatch.pm"},
    {"MCP Checks completed at {} bytes per second", "MessageBatch.pm"},
    {"Disinfection completed at {} bytes per second", "MessageBatch.pm"},
    {"Spam Checks: Starting", "MessageBatch.pm"},
    {"Spam Checks: Found {} spam messages", "MessageBatch.pm"},
    {"MCP Checks: Starting", "MessageBatch.pm"},
    {"MCP Checks: Found {} MCP messages", "MessageBatch.pm"},
    {"Virus and Content Scanning: Starting", "SweepViruses.pm"},
    {"Virus Scanning: {} found {} infections", "SweepViruses.pm"},
    {"Virus Scanning: Found {} viruses", "SweepViruses.pm"},
    {"Other Checks: Found {} problems", "SweepOther.pm"},
    {"Content Checks: Found {} problems", "SweepContent.pm"},
    {"Uninfected: Delivered {} messages", "MessageBatch.pm"},
    {"Unscanned: Delivered {} messages", "MessageBatch.pm"},
    {"Cleaned: Delivered {} cleaned messages", "MessageBatch.pm"},
    {"Disinfection: Attempting to disinfect {} messages", "MessageBatch.pm"},
    {"Silent: Delivered {} messages containing silent viruses", "MessageBatch.pm"},
    {"Notices: Warned about {} messages", "MessageBatch.pm"},
    {"Sender Warnings: Delivered {} warnings to virus senders", "MessageBatch.pm"},
    {"Deleted {} messages from processing-database", "bin/MailScanner"},
    {"Expired {} records from the SpamAssassin cache", "SA.pm"},
    {"Whitelist refresh time reached", "MailWatch, MailWatch.pm"},
    {"MailScanner Email Processor version {} starting...", "bin/MailScanner"},
    {"MailScanner E-Mail Virus Scanner version {} starting...", "bin/MailScanner"},
    {"MailScanner child dying of old age", "bin/MailScanner"},
    {"MailScanner child caught a SIG{}", "bin/MailScanner"},
    {"Reading configuration file {}", "Config.pm"},
    {"Read {} hostnames from the phishing {}", "Config.pm"},
    {"Read {} IP blocking entries from {}", "Config.pm"},
    {"Config: calling custom init function {}", "Config.pm"},
    {"Config: calling custom end function {}", "Config.pm"},
    {"Using locktype = {}", "Lock.pm"},
    {"Using SpamAssassin results cache", "SA.pm"},
    {"Connected to SpamAssassin cache database", "SA.pm"},
    {"Connected to Processing Attempts Database", "bin/MailScanner"},
    {"Found {} messages in the Processing Attempts Database", "bin/MailScanner"},
    {"Enabling SpamAssassin auto-whitelist functionality...", "SA.pm"},
    {"SpamAssassin temp dir = {}", "SA.pm"},
    {"I have found {} scanners installed, and will use them all by default.", "Config.pm"},
};

// "Requeue: 4F1A2B3C4D.A1B2C to 5A6B7C8D9E": the queue manager goes on with the new one.
ParsedLine parse_requeue(std::string_view text) {
  const auto found = match_form(text, "Requeue: {} to {}");
  if (!found) return {};
  Arrival out;
  const auto parent = queue_id_in(found->at[0]);
  out.queue_id = found->at[1];
  if (parent.empty() || !is_postfix_queue_id(parent) || !is_postfix_queue_id(out.queue_id)) {
    return {};
  }
  out.method = ArrivalMethod::local;
  out.parent_id = parent;
  return {LineKind::mailscanner_verdict, out};
}

// "Saved entire message to /var/spool/MailScanner/quarantine/20261128/ID".
ParsedLine parse_saved(std::string_view text) {
  if (!maybe_take(text, "Saved entire message to ")) return {};
  CompanionFact fact;
  fact.source = "mailscanner";
  fact.queue_id = queue_id_in(text.substr(text.rfind('/') + 1));
  if (fact.queue_id.empty()) return {};
  add_value(fact, "quarantine", text);
  return {LineKind::mailscanner_verdict, fact};
}

bool fill(const MessageForm& form, const Captured& found, CompanionFact& fact) {
  for (std::size_t i = 0; i < found.count && i < form.holes.size(); ++i) {
    const auto value = found.at[i];
    switch (form.holes[i]) {
      case 'm':
        fact.queue_id = queue_id_in(value);
        if (fact.queue_id.empty()) return false;
        break;
      case 'i':
        if (!is_ip(value)) return false;
        fact.client.ip = value;
        break;
      case 'f':
        fact.envelope_sender = unbracketed(value);
        break;
      case 'v':
        add_value(fact, form.value_name, value);
        break;
      default:
        break;
    }
  }
  return true;
}

}  // namespace

ParsedLine parse_mailscanner(const LineHeader& /*header*/, std::string_view text) {
  if (text.starts_with("Requeue: ")) return parse_requeue(text);
  if (text.starts_with("Saved entire ")) return parse_saved(text);
  for (const auto& form : kMessageForms) {
    const auto found = match_form(text, form.text);
    if (!found) continue;
    CompanionFact fact;
    fact.source = "mailscanner";
    add_value(fact, "verdict", form.verdict);
    if (fill(form, *found, fact)) return {LineKind::mailscanner_verdict, fact};
  }
  const auto out = parse_ignored(kIgnored, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kTrouble, text) : out;
}

}  // namespace rastro::companions
