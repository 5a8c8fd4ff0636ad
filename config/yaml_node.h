#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rastro {

// Where something stands in a file, both from 1; 0: the whole file.
struct YamlMark {
  int line = 0;
  int column = 0;
};

// A mistake in a file that an operator wrote.
struct YamlProblem {
  YamlMark mark;
  std::string message;
};

// "file:line:column: message", in the order of the file.
std::string format_problems(std::string_view file, std::vector<YamlProblem> problems);

// One value of a YAML document, with its place.
struct YamlNode {
  enum class Kind : std::uint8_t { null, scalar, list, map };
  struct Entry;
  YamlNode();
  YamlNode(Kind of_kind, YamlMark at);

  Kind kind = Kind::null;
  YamlMark mark;
  std::string text;             // scalar
  bool quoted = false;          // scalar: quoted or a block, so not a number or a word like true
  std::vector<YamlNode> items;  // list
  std::vector<Entry> entries;   // map, in the order of the file; keys are unique

  const YamlNode* find(std::string_view key) const;
};

struct YamlNode::Entry {
  std::string key;
  YamlMark mark;
  YamlNode value;
};

// Only here is Entry complete, which clang wants for a vector's members.
inline YamlNode::YamlNode() = default;
inline YamlNode::YamlNode(Kind of_kind, YamlMark at) : kind(of_kind), mark(at) {}

inline constexpr std::size_t kYamlBytesMax = 1 << 20;
inline constexpr int kYamlDepthMax = 16;
inline constexpr std::size_t kYamlNodesMax = 50'000;

// Reads one document. Anchors, aliases, tags and a second document are refused: a settings file
// has no use for them, and they are how a small file becomes a large one. An empty text is a null
// node. nullopt: it could not be read; `problems` says why. Duplicate keys are reported and the
// first one kept.
std::optional<YamlNode> parse_yaml(std::string_view text, std::vector<YamlProblem>& problems);

}  // namespace rastro
