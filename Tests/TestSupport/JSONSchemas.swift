package import Foundation

/// JSON Schemas (draft 2020-12) that refer to each other, and what they say of documents. It knows the keywords
/// that these schemas use, and refuses schemas with others: what is not understood is not checked.
package final class JSONSchemas {
  /// By the name of the file.
  private let documents: [String: JSONValue]
  /// The properties that some document had, such as `probe.schema.json#/properties/width`.
  package private(set) var metProperties: Set<String> = []

  /// The same of all schemas: each property by its place.
  package let properties: [String: JSONValue]
  /// Each schema by its place.
  package let schemas: [String: JSONValue]

  private static let annotations: Set<String> = ["$schema", "$comment", "title", "description"]

  /// - Throws: `ToolFailure` if one has a keyword that is not understood.
  package init(_ documents: [String: JSONValue]) throws {
    self.documents = documents
    var (schemas, properties): ([String: JSONValue], [String: JSONValue]) = ([:], [:])
    for (name, document) in documents {
      try Self.walk(document, at: name + "#", &schemas, &properties)
    }
    self.schemas = schemas
    self.properties = properties
  }

  /// All `*.schema.json` of a folder.
  package convenience init(folder: URL) throws {
    var documents: [String: JSONValue] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
    where name.hasSuffix(".schema.json") {
      documents[name] = try JSONValue(Data(contentsOf: folder.appending(path: name)))
    }
    try self.init(documents)
  }

  private static func walk(
    _ schema: JSONValue, at place: String, _ schemas: inout [String: JSONValue],
    _ properties: inout [String: JSONValue]
  ) throws {
    if case .bool = schema { return }
    guard case .object(let keywords) = schema else {
      throw ToolFailure(description: "\(place) is no schema")
    }
    schemas[place] = schema
    for (keyword, value) in keywords {
      let inner = "\(place)/\(keyword)"
      switch (keyword, value) {
      case ("properties", .object(let members)), ("$defs", .object(let members)):
        for (name, member) in members {
          if keyword == "properties" { properties["\(inner)/\(name)"] = member }
          try walk(member, at: "\(inner)/\(name)", &schemas, &properties)
        }
      case ("items", _), ("additionalProperties", _):
        try walk(value, at: inner, &schemas, &properties)
      case ("anyOf", .array(let members)):
        for (index, member) in members.enumerated() {
          try walk(member, at: "\(inner)/\(index)", &schemas, &properties)
        }
      case ("type", .string), ("type", .array), ("required", .array), ("enum", .array),
        ("const", _), ("pattern", .string), ("minimum", .number), ("maximum", .number),
        ("minProperties", .number), ("maxProperties", .number), ("$ref", .string):
        continue
      case (let name, .string) where annotations.contains(name): continue
      default: throw ToolFailure(description: "\(inner) is no keyword that is understood")
      }
    }
  }

  /// What a document has otherwise than the schema at `place` (`probe.schema.json`, or
  /// `common.schema.json#/$defs/plan`) demands; empty where it is as it should be.
  /// - Throws: `ToolFailure` if a reference leads nowhere.
  package func faults(of value: JSONValue, by place: String) throws -> [String] {
    let place = place.contains("#") ? place : place + "#"
    guard let schema = schemas[place] else {
      throw ToolFailure(description: "there is no schema \(place)")
    }
    return try faults(of: value, by: schema, place, path: "$")
  }

  private func faults(
    of value: JSONValue, by schema: JSONValue, _ place: String, path: String
  ) throws -> [String] {
    if case .bool(let isAllowed) = schema {
      return isAllowed ? [] : ["\(path) is not allowed"]
    }
    guard case .object(let keywords) = schema else { return [] }
    var found: [String] = []
    func expect(_ isRight: Bool, _ fault: @autoclosure () -> String) {
      if !isRight { found.append("\(path) \(fault())") }
    }
    for (keyword, wanted) in keywords.sorted(by: { $0.key < $1.key }) {
      switch (keyword, wanted) {
      case ("$ref", .string(let target)):
        let document = String(place.prefix { $0 != "#" })
        found += try faults(
          of: value, by: target.hasPrefix("#") ? document + target : target, path: path)
      case ("type", .string(let name)):
        expect(value.isOf(type: name), "is not of type \(name)")
      case ("type", .array(let names)):
        expect(
          names.contains {
            if case .string(let name) = $0 { value.isOf(type: name) } else { false }
          },
          "is of none of the types")
      case ("enum", .array(let values)): expect(values.contains(value), "is none of the values")
      case ("const", _): expect(value == wanted, "is not \(wanted)")
      case ("pattern", .string(let pattern)):
        guard case .string(let text) = value else { continue }
        expect(try text.contains(Regex(pattern)), "does not match \(pattern)")
      case ("minimum", .number(let bound)):
        if case .number(let number) = value { expect(number >= bound, "is below \(bound)") }
      case ("maximum", .number(let bound)):
        if case .number(let number) = value { expect(number <= bound, "is above \(bound)") }
      case ("anyOf", .array(let members)):
        let all = try members.indices.map {
          try faults(of: value, by: members[$0], "\(place)/anyOf/\($0)", path: path)
        }
        expect(all.contains { $0.isEmpty }, "is none of the forms: \(all)")
      case ("items", _):
        guard case .array(let elements) = value else { continue }
        for (index, element) in elements.enumerated() {
          found += try faults(
            of: element, by: wanted, "\(place)/items", path: "\(path)[\(index)]")
        }
      default:
        guard case .object(let members) = value else { continue }
        found += try faults(of: members, by: keyword, wanted, keywords, place, path)
      }
    }
    return found
  }

  private func faults(of value: JSONValue, by place: String, path: String) throws -> [String] {
    let place = place.contains("#") ? place : place + "#"
    guard let schema = schemas[place] else {
      throw ToolFailure(description: "there is no schema \(place)")
    }
    return try faults(of: value, by: schema, place, path: path)
  }

  /// By the keywords that speak of objects.
  private func faults(
    of members: [String: JSONValue], by keyword: String, _ wanted: JSONValue,
    _ keywords: [String: JSONValue], _ place: String, _ path: String
  ) throws -> [String] {
    switch (keyword, wanted) {
    case ("required", .array(let names)):
      return names.compactMap {
        guard case .string(let name) = $0, members[name] == nil else { return nil }
        return "\(path) has no \(name)"
      }
    case ("minProperties", .number(let count)):
      return members.count >= Int(count) ? [] : ["\(path) has too few keys"]
    case ("maxProperties", .number(let count)):
      return members.count <= Int(count) ? [] : ["\(path) has too many keys"]
    case ("properties", .object(let schemas)):
      return try members.sorted { $0.key < $1.key }.flatMap { name, member in
        guard let schema = schemas[name] else { return [String]() }
        let inner = "\(place)/properties/\(name)"
        metProperties.insert(inner)
        return try faults(of: member, by: schema, inner, path: "\(path).\(name)")
      }
    case ("additionalProperties", _):
      return try members.sorted { $0.key < $1.key }.flatMap { name, member in
        guard keywords["properties"]?[name] == nil else { return [String]() }
        return try faults(
          of: member, by: wanted, "\(place)/additionalProperties", path: "\(path).\(name)")
      }
    default: return []
    }
  }
}

extension JSONValue {
  fileprivate func isOf(type name: String) -> Bool {
    switch (self, name) {
    case (.null, "null"), (.bool, "boolean"), (.number, "number"), (.string, "string"),
      (.array, "array"), (.object, "object"):
      true
    case (.number(let number), "integer"): number == number.rounded()
    default: false
    }
  }
}
