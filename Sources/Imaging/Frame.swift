/// A ratio of two integers, such as a time base or a sample aspect ratio.
public struct Rational: Hashable, Sendable, CustomStringConvertible {
  public var numerator: Int
  public var denominator: Int
  public init(_ numerator: Int, _ denominator: Int) {
    self.numerator = numerator
    self.denominator = denominator
  }
  /// The quotient; 0 if the denominator is 0.
  public var value: Double { denominator == 0 ? 0 : Double(numerator) / Double(denominator) }
  public var description: String { "\(numerator)/\(denominator)" }
}

/// What a source attached to a frame beside its picture, such as closed captions. Only the module that
/// made it knows what is inside; the others pass it on.
public protocol FrameAttachments: AnyObject, Sendable {}

/// A picture with its place in time and in the stream.
public struct Frame: Sendable {
  /// Place in the stream, from 0, in presentation order.
  public var index: Int
  public var picture: Picture
  /// Presentation time in units of the stream's time base.
  public var presentationTime: Int64
  /// Duration in units of the stream's time base; 0 if unknown.
  public var duration: Int64
  /// Width ÷ height of one sample; 0/1 if unknown.
  public var sampleAspectRatio: Rational
  public var fieldOrder: FieldOrder
  /// The name of the file that the frame came from, without folder; only in frame folders.
  public var fileName: String?
  /// What the file of a picture tells beside its samples.
  public var metadata: PictureMetadata?
  /// What travels with the frame from the source to the sink; `nil` if nothing does.
  public var attachments: (any FrameAttachments)?

  public init(
    index: Int, picture: Picture, presentationTime: Int64, duration: Int64 = 0,
    sampleAspectRatio: Rational = Rational(0, 1), fieldOrder: FieldOrder = .progressive,
    fileName: String? = nil, attachments: (any FrameAttachments)? = nil
  ) {
    self.index = index
    self.picture = picture
    self.presentationTime = presentationTime
    self.duration = duration
    self.sampleAspectRatio = sampleAspectRatio
    self.fieldOrder = fieldOrder
    self.fileName = fileName
    self.attachments = attachments
  }

  /// The same frame with another picture.
  public func with(_ picture: Picture) -> Frame {
    var copy = self
    copy.picture = picture
    return copy
  }
}

/// How the rows of a frame follow each other in time.
public enum FieldOrder: String, Hashable, Sendable {
  case progressive
  case topFirst
  case bottomFirst

  /// The fields in the order of time, as the parity of their rows; none in a progressive frame.
  public var fields: [Int] {
    switch self {
    case .progressive: []
    case .topFirst: [0, 1]
    case .bottomFirst: [1, 0]
    }
  }
}
