#include "config/explanations.h"

#include <vector>

#include "config/yaml_node.h"

namespace rastro {

std::string_view shipped_explanations_en();
std::string_view shipped_explanations_es();

namespace {

void collect(const YamlNode& node, const std::string& key,
             std::map<std::string, std::string, std::less<>>& texts,
             std::vector<YamlProblem>& problems) {
  if (node.kind == YamlNode::Kind::scalar && !key.empty()) {
    texts.emplace(key, node.text);
  } else if (node.kind == YamlNode::Kind::map) {
    for (const auto& entry : node.entries) {
      collect(entry.value, key.empty() ? entry.key : key + "." + entry.key, texts, problems);
    }
  } else {
    problems.push_back({node.mark, "a text, or a map of texts, is expected here"});
  }
}

}  // namespace

Result<ExplanationTexts> ExplanationTexts::parse(std::string_view text,
                                                 std::string_view file_name) {
  std::vector<YamlProblem> problems;
  ExplanationTexts out;
  if (const auto root = parse_yaml(text, problems)) collect(*root, "", out.texts_, problems);
  if (!problems.empty()) {
    return make_error(Error::Code::invalid, format_problems(file_name, std::move(problems)));
  }
  return out;
}

std::string_view ExplanationTexts::find(std::string_view key) const {
  const auto found = texts_.find(key);
  return found == texts_.end() ? std::string_view() : std::string_view(found->second);
}

std::string_view shipped_explanations(Language language) {
  return language == Language::es ? shipped_explanations_es() : shipped_explanations_en();
}

}  // namespace rastro
