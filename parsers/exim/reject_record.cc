#include "parsers/exim/reject_record.h"

#include "core/address.h"
#include "parsers/scan.h"

namespace rastro {

EximRejectRecord::Told EximRejectRecord::add(std::string_view text) {
  Told out;
  if (place_ == Place::refusal && text.starts_with("Envelope-from: <")) {
    place_ = Place::sender;
    return out;
  }
  if (place_ == Place::sender && maybe_take(text, "Envelope-to: ")) {
    place_ = Place::recipients;
    out.recipient = maybe_take_address(text);
    return out;
  }
  if (place_ == Place::recipients && maybe_take(text, "    ")) {  // "    ...": the rest is not told
    out.recipient = maybe_take_address(text);
    return out;
  }
  place_ = Place::headers;
  constexpr std::string_view kName = "I Message-ID:";
  if (id_seen_ || text.size() < kName.size() ||
      !equal_ignoring_case(text.substr(0, kName.size()), kName)) {
    return out;
  }
  id_seen_ = true;
  text.remove_prefix(kName.size());
  while (maybe_take(text, ' ') || maybe_take(text, '\t')) {
  }
  out.message_id = maybe_take_address(text);
  return out;
}

std::string EximRejectRecord::encode() const {
  std::string out;
  out.push_back(static_cast<char>(place_));
  out.push_back(static_cast<char>(id_seen_));
  return out.append(refusal_);
}

std::optional<EximRejectRecord> EximRejectRecord::decode(std::string_view encoded) {
  if (encoded.size() < 2) return std::nullopt;
  const auto place = static_cast<unsigned char>(encoded[0]);
  if (place > static_cast<unsigned char>(Place::headers)) return std::nullopt;
  EximRejectRecord out(encoded.substr(2));
  out.place_ = static_cast<Place>(place);
  out.id_seen_ = encoded[1] != 0;
  return out;
}

}  // namespace rastro
