import COneDNN

/// The CPU engine of oneDNN, shared by all sessions.
///
/// `@unchecked Sendable`: oneDNN documents engines as safe to share between threads.
final class DNNLEngine: @unchecked Sendable {
  let handle: dnnl_engine_t

  private init() throws(NetworkError) {
    OneDNNInstructions.applyLimit()
    var engine: dnnl_engine_t?
    let status = dnnl_engine_create(&engine, dnnl_cpu, 0)
    guard status == dnnl_success, let engine else {
      throw NetworkError(.backEnd, "oneDNN has no CPU engine (status \(status.rawValue))")
    }
    handle = engine
  }

  private static let result = Result { () throws(NetworkError) in try DNNLEngine() }

  static func shared() throws(NetworkError) -> DNNLEngine { try result.get() }
}

/// Shape, element type and layout of an array, as oneDNN describes it; immutable.
///
/// `@unchecked Sendable`: the description is only read after its creation.
final class MemoryLayoutDescriptor: @unchecked Sendable {
  let handle: ac_dnnl_md

  private init(_ handle: ac_dnnl_md) { self.handle = handle }

  deinit { ac_dnnl_md_destroy(handle) }

  /// With strides in elements, or nil to let a primitive choose the layout.
  init(_ shape: [Int], _ type: dnnl_data_type_t, strides: [Int]?) throws(NetworkError) {
    var md: ac_dnnl_md?
    let dims = shape.map(Int64.init)
    let status = ac_dnnl_md_create(
      &md, Int32(shape.count), dims, type, strides.map { $0.map(Int64.init) })
    guard status == dnnl_success, let md else {
      throw NetworkError(
        .backEnd, "oneDNN does not accept an array of shape \(shape) (status \(status.rawValue))")
    }
    handle = md
  }

  /// Row-major.
  static func dense(_ shape: [Int], _ type: dnnl_data_type_t = dnnl_f32) throws(NetworkError)
    -> MemoryLayoutDescriptor
  {
    let shape = shape.isEmpty ? [1] : shape
    return try MemoryLayoutDescriptor(shape, type, strides: StridedWalk.dense(shape))
  }

  /// A copy of what a primitive has chosen.
  init(of pd: dnnl_primitive_desc_t, _ what: dnnl_query_t, index: Int32) throws(NetworkError) {
    var md: ac_dnnl_md?
    guard ac_dnnl_md_query(pd, what, index, &md) == dnnl_success, let md else {
      throw NetworkError(.backEnd, "oneDNN does not report the layout that it chose")
    }
    handle = md
  }

  var byteCount: Int { ac_dnnl_md_size(handle) }
  var elementType: dnnl_data_type_t { ac_dnnl_md_type(handle) }

  func isEqual(_ other: MemoryLayoutDescriptor) -> Bool {
    self === other || ac_dnnl_md_equal(handle, other.handle) != 0
  }
}

/// A primitive that is ready to run.
///
/// `@unchecked Sendable`: oneDNN documents execution as safe from several threads at once, as long
/// as each passes memory and scratchpad of its own, which the plan does.
final class DNNLPrimitive: @unchecked Sendable {
  let handle: dnnl_primitive_t
  /// oneDNN's name of the kernel, such as `jit:avx512_core`.
  let implementation: String

  /// Takes over and destroys the description.
  init(_ pd: DNNLPrimitiveDescription) throws(NetworkError) {
    var primitive: dnnl_primitive_t?
    let status = dnnl_primitive_create(&primitive, pd.handle)
    guard status == dnnl_success, let primitive else {
      throw NetworkError(.backEnd, "oneDNN can't create a primitive (status \(status.rawValue))")
    }
    handle = primitive
    implementation = String(cString: ac_dnnl_implementation(pd.handle))
  }

  deinit { dnnl_primitive_destroy(handle) }
}

/// What oneDNN has chosen for an operation: kernel, layouts, scratchpad.
final class DNNLPrimitiveDescription {
  let handle: dnnl_primitive_desc_t

  /// nil when `make` reports that oneDNN has no kernel for the operation.
  init?(_ make: (inout dnnl_primitive_desc_t?) -> dnnl_status_t) throws(NetworkError) {
    var pd: dnnl_primitive_desc_t?
    let status = make(&pd)
    if status == dnnl_unimplemented || status == dnnl_invalid_arguments { return nil }
    guard status == dnnl_success, let pd else {
      throw NetworkError(.backEnd, "oneDNN failed with status \(status.rawValue)")
    }
    handle = pd
  }

  deinit { dnnl_primitive_desc_destroy(handle) }

  func layout(_ what: dnnl_query_t, _ index: Int32 = 0) throws(NetworkError)
    -> MemoryLayoutDescriptor
  {
    try MemoryLayoutDescriptor(of: handle, what, index: index)
  }

  var implementation: String { String(cString: ac_dnnl_implementation(handle)) }
}

/// Attributes of a primitive: post operations, and a scratchpad that the plan provides.
final class DNNLAttributes {
  let handle: dnnl_primitive_attr_t

  init(_ append: (dnnl_post_ops_t) -> dnnl_status_t = { _ in dnnl_success }) throws(NetworkError) {
    var ops: dnnl_post_ops_t?
    var attributes: dnnl_primitive_attr_t?
    var status = dnnl_post_ops_create(&ops)
    defer { if let ops { dnnl_post_ops_destroy(ops) } }
    if status == dnnl_success, let ops { status = append(ops) }
    if status == dnnl_success { status = ac_dnnl_attr_create(&attributes, ops) }
    guard status == dnnl_success, let attributes else {
      throw NetworkError(.backEnd, "oneDNN rejects the post operations (status \(status.rawValue))")
    }
    handle = attributes
  }

  deinit { dnnl_primitive_attr_destroy(handle) }

  /// The sums of products of a convolution are multiplied by these, one for each channel of the result.
  func scaleChannels(_ scales: [Float], isGrouped: Bool) throws(NetworkError) {
    try check(
      ac_dnnl_attr_scale_channels(handle, isGrouped ? 1 : 0, Int32(scales.count), scales))
  }

  /// What a reorder moves is multiplied by this.
  func scaleReorder(_ scale: Float) throws(NetworkError) {
    try check(withUnsafePointer(to: scale) { ac_dnnl_attr_scale_reorder(handle, $0) })
  }

  /// An operand of a binary primitive is multiplied by this. `argument`: `DNNL_ARG_SRC_0` or `_1`.
  func scaleOperand(_ argument: Int32, _ scale: Float) throws(NetworkError) {
    try check(withUnsafePointer(to: scale) { ac_dnnl_attr_scale_operand(handle, argument, $0) })
  }

  private func check(_ status: dnnl_status_t) throws(NetworkError) {
    guard status == dnnl_success else {
      throw NetworkError(.backEnd, "oneDNN rejects the scales (status \(status.rawValue))")
    }
  }
}
