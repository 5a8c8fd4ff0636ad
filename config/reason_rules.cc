#include "config/reason_rules.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "config/read_text.h"
#include "config/yaml_node.h"

namespace rastro {
namespace {

constexpr std::size_t kRulesMax = 5'000;
constexpr std::size_t kNameBytesMax = 80;

class RuleReader {
 public:
  explicit RuleReader(std::vector<YamlProblem>& problems) : problems_(problems) {}

  ReasonRule read(const YamlNode& node) {
    ReasonRule rule;
    rule.line = node.mark.line;
    rule.column = node.mark.column;
    if (node.kind != YamlNode::Kind::map) {
      bad(node.mark, "a rule is a map with name, reason and match");
      return rule;
    }
    for (const auto& entry : node.entries) take(entry.key, entry.mark, entry.value, rule);
    check_whole(node, rule);
    return rule;
  }

  void bad(YamlMark mark, std::string message) { problems_.push_back({mark, std::move(message)}); }

 private:
  void take(const std::string& key, YamlMark mark, const YamlNode& value, ReasonRule& rule) {
    if (key == "name") {
      rule.name = word(value, key);
    } else if (key == "provider") {
      rule.provider = word(value, key);
    } else if (key == "reason") {
      rule.reason = reason(value);
    } else if (key == "match") {
      rule.patterns = texts(value, key);
    } else if (key == "samples") {
      rule.samples = texts(value, key);
    } else if (key == "guess") {
      rule.guess = value.text == "true";
      if (!rule.guess) bad(value.mark, "guess: true, or left out");
    } else if (key == "vague") {
      rule.vague = value.text == "true";
      if (!rule.vague) bad(value.mark, "vague: true, or left out");
    } else if (!take_code(key, value, rule)) {
      bad(mark,
          "unknown key \"" + key +
              "\"; known here: name provider reason match class code status vague guess samples");
    }
  }

  bool take_code(const std::string& key, const YamlNode& value, ReasonRule& rule) {
    if (key == "class") {
      rule.klass = static_cast<std::uint8_t>(number(value, key, 4, 5));
    } else if (key == "code" && value.text == "none") {
      rule.without_code = true;
    } else if (key == "code") {
      rule.code = number(value, key, 400, 999);
    } else if (key == "status") {
      rule.status = status(value);
    } else {
      return false;
    }
    return true;
  }

  void check_whole(const YamlNode& node, const ReasonRule& rule) {
    if (rule.name.empty()) bad(node.mark, "a rule needs a name");
    if (node.find("reason") == nullptr) bad(node.mark, "a rule needs a reason");
    if (rule.patterns.empty() && !rule.code && !rule.without_code && !rule.status && !rule.klass) {
      bad(node.mark, "a rule needs match, class, code or status");
    }
    if (rule.vague && rule.patterns.empty()) bad(node.mark, "vague is said of a rule with match");
    if (!names_.insert(rule.name).second) {
      bad(node.mark, "two rules are called \"" + rule.name + "\"");
    }
  }

  std::string word(const YamlNode& node, const std::string& key) {
    if (node.kind == YamlNode::Kind::scalar && !node.text.empty() &&
        node.text.size() <= kNameBytesMax) {
      return node.text;
    }
    bad(node.mark, key + ": a text of at most " + std::to_string(kNameBytesMax) + " bytes");
    return "";
  }

  Reason reason(const YamlNode& node) {
    if (node.kind == YamlNode::Kind::scalar) {
      if (const auto known = parse_reason(node.text)) return *known;
    }
    std::string message = "reason: \"" + node.text.substr(0, kNameBytesMax) + "\" is none; known:";
    for (std::size_t i = 1; i < kReasonCount; ++i) {
      message.append(" ").append(reason_name(static_cast<Reason>(i)));
    }
    bad(node.mark, std::move(message));
    return Reason::other;
  }

  // One text, or a list of them.
  std::vector<std::string> texts(const YamlNode& node, const std::string& key) {
    if (node.kind == YamlNode::Kind::scalar && !node.text.empty()) return {node.text};
    std::vector<std::string> out;
    for (const auto& item : node.items) {
      if (item.kind == YamlNode::Kind::scalar && !item.text.empty()) {
        out.push_back(item.text);
      } else {
        bad(item.mark, key + ": each entry is a text");
      }
    }
    if (node.kind != YamlNode::Kind::list || node.items.empty()) {
      bad(node.mark, key + ": a text or a list of texts");
    }
    return out;
  }

  std::uint16_t number(const YamlNode& node, const std::string& key, std::uint16_t min,
                       std::uint16_t max) {
    std::uint16_t value = 0;
    const auto& text = node.text;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (node.kind != YamlNode::Kind::scalar || error != std::errc() ||
        end != text.data() + text.size() || value < min || value > max) {
      bad(node.mark, key + ": a number from " + std::to_string(min) + " to " + std::to_string(max));
    }
    return value;
  }

  ReasonRule::StatusPattern status(const YamlNode& node) {
    ReasonRule::StatusPattern out;
    std::string_view rest = node.text;
    std::uint16_t klass = 0;
    bool has_class = false;
    if (take_part(rest, klass, has_class) && rest.starts_with('.')) {
      if (has_class) out.klass = static_cast<std::uint8_t>(klass);
      rest.remove_prefix(1);
      std::uint16_t subject = 0;
      bool has_subject = false;
      if (take_part(rest, subject, has_subject) && rest.starts_with('.')) {
        if (has_subject) out.subject = subject;
        rest.remove_prefix(1);
        std::uint16_t detail = 0;
        bool has_detail = false;
        if (take_part(rest, detail, has_detail) && rest.empty() &&
            (!has_class || klass == 4 || klass == 5)) {
          if (has_detail) out.detail = detail;
          return out;
        }
      }
    }
    bad(node.mark, "status: an enhanced status code, x for any number: 5.1.1, x.2.2, 4.7.x");
    return out;
  }

  // "x" or up to three digits.
  static bool take_part(std::string_view& rest, std::uint16_t& value, bool& given) {
    given = false;
    if (rest.starts_with('x')) {
      rest.remove_prefix(1);
      return true;
    }
    const auto* end = rest.data() + std::min<std::size_t>(rest.size(), 3);
    const auto [next, error] = std::from_chars(rest.data(), end, value);
    if (error != std::errc()) return false;
    rest.remove_prefix(static_cast<std::size_t>(next - rest.data()));
    given = true;
    return true;
  }

  std::vector<YamlProblem>& problems_;
  std::set<std::string, std::less<>> names_;
};

}  // namespace

Result<std::vector<ReasonRule>> parse_reason_rules(std::string_view text,
                                                   std::string_view file_name) {
  std::vector<YamlProblem> problems;
  std::vector<ReasonRule> rules;
  if (const auto root = parse_yaml(text, problems)) {
    RuleReader reader(problems);
    const auto* list = root->find("rules");
    for (const auto& [key, mark, value] : root->entries) {
      if (key != "rules") reader.bad(mark, "unknown key \"" + key + "\"; known here: rules");
    }
    if (root->kind != YamlNode::Kind::null &&
        (list == nullptr || list->kind != YamlNode::Kind::list)) {
      reader.bad(root->mark, "the file holds one list, called rules");
    } else if (list != nullptr && list->items.size() > kRulesMax) {
      reader.bad(list->mark, "more than " + std::to_string(kRulesMax) + " rules");
    } else if (list != nullptr) {
      for (const auto& item : list->items) rules.push_back(reader.read(item));
    }
  }
  if (!problems.empty()) {
    return make_error(Error::Code::invalid, format_problems(file_name, std::move(problems)));
  }
  return rules;
}

Result<std::vector<ReasonRule>> load_reason_rules(const std::string& path) {
  auto text = read_text(path, kYamlBytesMax);
  if (!text) return text.error();
  return parse_reason_rules(*text, path);
}

}  // namespace rastro
