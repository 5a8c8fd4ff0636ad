#include "config/yaml_node.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <set>
#include <streambuf>

namespace rastro {
namespace {

// Thrown by the builder to leave yaml-cpp early; never leaves this file.
struct Refused {
  YamlProblem problem;
};

YamlMark mark_of(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): a get area is never written to
    auto* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::vector<YamlProblem>& problems) : problems_(problems) {}

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    add({YamlNode::Kind::null, mark_of(mark)});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    throw Refused{{mark_of(mark), "aliases (*name) are not supported"}};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    YamlNode node(YamlNode::Kind::scalar, mark_of(mark));
    node.text = value;
    node.quoted = tag == "!";
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    start(mark, tag, anchor, YamlNode::Kind::list);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    start(mark, tag, anchor, YamlNode::Kind::map);
  }
  void OnMapEnd() override { end(); }

  YamlNode take() { return std::move(root_); }

 private:
  struct Open {
    YamlNode node;
    std::set<std::string, std::less<>> keys{};
    std::optional<YamlNode> key{};  // read, its value is still to come
  };

  static void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) throw Refused{{mark_of(mark), "anchors (&name) are not supported"}};
  }
  static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw Refused{{mark_of(mark), "tags (!name) are not supported"}};
    }
  }

  void start(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
             YamlNode::Kind kind) {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (open_.size() >= static_cast<std::size_t>(kYamlDepthMax)) {
      throw Refused{
          {mark_of(mark), "nested deeper than " + std::to_string(kYamlDepthMax) + " levels"}};
    }
    open_.push_back({.node = {kind, mark_of(mark)}});
  }

  void end() {
    YamlNode done = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(done));
  }

  void add(YamlNode node) {
    if (++nodes_ > kYamlNodesMax) {
      throw Refused{{node.mark, "more than " + std::to_string(kYamlNodesMax) + " values"}};
    }
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    auto& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::list) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      if (node.kind != YamlNode::Kind::scalar) {
        throw Refused{{node.mark, "a key must be a plain word"}};
      }
      parent.key = std::move(node);
    } else {
      YamlNode key = std::move(*parent.key);
      parent.key.reset();
      add_entry(parent, std::move(key), std::move(node));
    }
  }

  void add_entry(Open& parent, YamlNode key, YamlNode value) {
    if (!parent.keys.insert(key.text).second) {
      problems_.push_back({key.mark, "duplicate key \"" + key.text + "\""});
      return;
    }
    parent.node.entries.push_back({std::move(key.text), key.mark, std::move(value)});
  }

  std::vector<YamlProblem>& problems_;
  std::vector<Open> open_;
  YamlNode root_;
  std::size_t nodes_ = 0;
};

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const auto& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

std::string format_problems(std::string_view file, std::vector<YamlProblem> problems) {
  std::stable_sort(problems.begin(), problems.end(), [](const auto& a, const auto& b) {
    return std::pair(a.mark.line, a.mark.column) < std::pair(b.mark.line, b.mark.column);
  });
  std::string text;
  for (const auto& problem : problems) {
    if (!text.empty()) text += '\n';
    text += file;
    if (problem.mark.line > 0) {
      text += ':' + std::to_string(problem.mark.line) + ':' + std::to_string(problem.mark.column);
    }
    text += ": " + problem.message;
  }
  return text;
}

std::optional<YamlNode> parse_yaml(std::string_view text, std::vector<YamlProblem>& problems) {
  if (text.size() > kYamlBytesMax) {
    problems.push_back({{}, "larger than " + std::to_string(kYamlBytesMax) + " bytes"});
    return std::nullopt;
  }
  if (text.find('\0') != std::string_view::npos) {
    problems.push_back({{}, "holds NUL bytes: not a text file"});
    return std::nullopt;
  }
  try {
    ViewBuffer buffer(text);
    std::istream in(&buffer);
    YAML::Parser parser(in);
    TreeBuilder builder(problems);
    if (!parser.HandleNextDocument(builder)) return YamlNode{};
    TreeBuilder second(problems);
    if (parser.HandleNextDocument(second)) {
      problems.push_back({{}, "holds more than one YAML document (---)"});
      return std::nullopt;
    }
    return builder.take();
  } catch (const Refused& refused) {
    problems.push_back(refused.problem);
  } catch (const YAML::Exception& error) {
    problems.push_back({mark_of(error.mark), error.msg});
  } catch (const std::exception& error) {  // bad_alloc, and what yaml-cpp lets through
    problems.push_back({{}, std::string("cannot be read as YAML: ") + error.what()});
  }
  return std::nullopt;
}

}  // namespace rastro
