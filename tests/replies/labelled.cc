#include "tests/replies/labelled.h"

#include <fstream>

#include "parsers/reason_classifier.h"
#include "parsers/reply_mask.h"

namespace rastro {
namespace {

LabelledReply labelled(Reason reason, const std::string& text) {
  static const auto kNoRules = ReasonRules::trust({});
  const auto seen = kNoRules->decide(std::nullopt, 0, text);
  return {reason, rule_text(seen.masked), seen.reply_code, seen.enhanced_status};
}

}  // namespace

std::vector<LabelledReply> labelled_replies(const std::string& path) {
  std::vector<LabelledReply> out;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const auto tab = line.find('\t');
    if (line.starts_with('#') || tab == std::string::npos) continue;
    if (const auto reason = parse_reason(line.substr(0, tab))) {
      out.push_back(labelled(*reason, line.substr(tab + 1)));
    }
  }
  return out;
}

std::vector<LabelledReply> labelled_samples(const std::vector<ReasonRule>& rules) {
  std::vector<LabelledReply> out;
  for (const auto& rule : rules) {
    for (const auto& sample : rule.samples) out.push_back(labelled(rule.reason, sample));
  }
  return out;
}

}  // namespace rastro
