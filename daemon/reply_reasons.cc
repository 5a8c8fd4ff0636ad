#include "daemon/reply_reasons.h"

#include <iterator>
#include <utility>

#include "config/reason_rules.h"

namespace rastro {
namespace {

// "line:column: message" lines with the file's name in front of each.
std::string with_file(const std::string& file, std::string_view lines) {
  std::string out;
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    if (!out.empty()) out += '\n';
    out.append(file).append(":").append(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return out;
}

// The operator's rules alone: their patterns, and whether each decides its own samples.
Result<std::vector<ReasonRule>> load_own_rules(const std::string& file) {
  auto own = load_reason_rules(file);
  if (!own) return own.error();
  const auto compiled = ReasonRules::compile(*own);
  if (!compiled) {
    return make_error(Error::Code::invalid, with_file(file, compiled.error().message));
  }
  const auto problems = check_samples(**compiled);
  if (!problems.empty()) return make_error(Error::Code::invalid, with_file(file, problems));
  return own;
}

}  // namespace

Result<std::shared_ptr<const ReasonRules>> load_reply_rules(const ReasonSettings& settings) {
  std::vector<ReasonRule> rules;
  if (!settings.rules_file.empty()) {
    auto own = load_own_rules(settings.rules_file);
    if (!own) return own.error();
    rules = std::move(*own);
  }
  auto shipped = parse_reason_rules(shipped_reason_rules(), "reasons.yaml");
  if (!shipped) return shipped.error();
  rules.insert(rules.end(), std::make_move_iterator(shipped->begin()),
               std::make_move_iterator(shipped->end()));
  auto words = ReasonWords::parse(shipped_reason_words());
  if (!words) return words.error();
  return ReasonRules::trust(std::move(rules), std::move(*words));
}

ReplyReasons::ReplyReasons(std::shared_ptr<const ReasonRules> rules, std::uint64_t seed)
    : rules_(std::move(rules)), classifier_(rules_, seed) {
  classifier_.on_unknown(
      [this](std::uint64_t key, std::string_view masked) { unknown_.count(key, masked); });
}

std::shared_ptr<const UnknownReplies::List> ReplyReasons::unknown_snapshot() {
  if (!snapshot_ || snapshot_total_ != unknown_.total()) {
    snapshot_ = std::make_shared<const UnknownReplies::List>(unknown_.most_frequent());
    snapshot_total_ = unknown_.total();
  }
  return snapshot_;
}

ClassifyReply ReplyReasons::classify() {
  return [this](std::optional<EnhancedStatus> status, std::uint16_t code, std::string_view text) {
    return classifier_.classify(status, code, text);
  };
}

}  // namespace rastro
