// https://jslib.k6.io/aws: clients of AWS's services, each call a signed http.asyncRequest(). Every bundle of it (s3.js, sqs.js, ...) is
// all of it.
import encoding from 'k6/encoding';
import http from 'k6/http';
import { AWSError, Endpoint, InvalidSignatureError, SignatureV4, escapeUri } from 'https://jslib.k6.io/aws-signature';

export { AMZ_CONTENT_SHA256_HEADER, AWSConfig, AWSError, Endpoint, InvalidAWSConfigError, InvalidSignatureError, SignatureV4, UNSIGNED_PAYLOAD } from 'https://jslib.k6.io/aws-signature';

class ServiceError extends AWSError {
  constructor(message, code, operation) {
    super(message, code);
    this.operation = operation;
  }
}
export class S3ServiceError extends ServiceError {}
export class SecretsManagerServiceError extends ServiceError {}
export class SystemsManagerServiceError extends ServiceError {}
export class KMSServiceError extends ServiceError {}
export class SQSServiceError extends ServiceError {}
export class KinesisServiceError extends ServiceError {}
export class EventBridgeServiceError extends ServiceError {}
export class LambdaServiceError extends ServiceError {}

const bad_signature = new Set(['AuthorizationHeaderMalformed', 'IncompleteSignature', 'IncompleteSignatureException', 'InvalidSignature',
  'InvalidSignatureException', 'SignatureDoesNotMatch', 'UnrecognizedClientException', 'InvalidAccessKeyId']);

const unescaped = (text) => text.replace(/&(lt|gt|amp|quot|apos|#(x?)([0-9a-fA-F]+));/g, (_, name, hex, number) => (
  number ? String.fromCodePoint(parseInt(number, hex ? 16 : 10)) : { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }[name]));
const escaped = (text) => String(text).replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`);
// What stands in the XML's elements of that name.
const elements = (xml, name) => [...xml.matchAll(new RegExp(`<${name}(?: [^>]*)?>([^]*?)</${name}>`, 'g'))].map((found) => found[1]);
const element = (xml, name) => (elements(xml, name).length > 0 ? unescaped(elements(xml, name)[0]) : undefined);
const given = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

class Client {
  constructor(config, service, errorType, { uriEscapePath = true } = {}) {
    this.awsConfig = config;
    this.serviceName = service;
    this.errorType_ = errorType;
    this.endpoint_ = config.endpoint ?? new Endpoint(`https://${service}.${config.region}.amazonaws.com`);
    this.signature = new SignatureV4({ service, region: config.region, credentials: config, uriEscapePath, applyChecksum: true });
  }
  get endpoint() { return this.endpoint_; }
  set endpoint(endpoint) { this.endpoint_ = endpoint instanceof Endpoint ? endpoint : new Endpoint(endpoint); }
  get host() { return this.endpoint.host; }

  // Errors: what the service answered, as an exception.
  async send_(operation, method, path, { query, headers, body, responseType = 'text' } = {}) {
    const signed = this.signature.sign({ method, endpoint: this.endpoint, path, query, headers, body });
    const { host, ...sent } = signed.headers;
    const response = await http.asyncRequest(method, signed.url, body ?? null, { headers: sent, responseType, tags: { service: this.serviceName, operation } });
    if (response.error_code !== 0 || response.status >= 400) this.fail_(operation, response);
    return response;
  }
  fail_(operation, response) {
    let code = '', message = '';
    const text = typeof response.body === 'string' ? response.body : '';
    if (text.startsWith('{')) {
      const said = JSON.parse(text);
      code = String(said.__type ?? said.code ?? response.headers['X-Amzn-Errortype'] ?? '').replace(/^.*#/, '').replace(/:.*$/, '');
      message = said.message ?? said.Message ?? '';
    } else {
      [code, message] = [element(text, 'Code') ?? '', element(text, 'Message') ?? ''];
    }
    if (message === '') message = response.status > 0 ? `${response.status_text} ${text}`.trim() : response.error;
    if (bad_signature.has(code)) throw new InvalidSignatureError(message, code);
    throw new this.errorType_(message, code, operation);
  }
}

// Of services that take a target and JSON.
class JsonClient extends Client {
  constructor(config, service, errorType, target, version = '1.1') {
    super(config, service, errorType);
    this.target_ = target;
    this.type_ = `application/x-amz-json-${version}`;
  }
  async call_(operation, fields) {
    const headers = { 'x-amz-target': `${this.target_}.${operation}`, 'content-type': this.type_ };
    const { body } = await this.send_(operation, 'POST', '/', { headers, body: JSON.stringify(given(fields)) });
    return body ? JSON.parse(body) : {};
  }
}

const uploaded = (headers, xml = '') => given({
  eTag: element(xml, 'ETag') ?? headers.Etag ?? headers.ETag,
  ...Object.fromEntries(['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'].map((name) => [
    name, element(xml, `Checksum${name.toUpperCase()}`) ?? headers[`X-Amz-Checksum-${name[0].toUpperCase()}${name.slice(1)}`]])),
  checksumType: element(xml, 'ChecksumType') ?? headers['X-Amz-Checksum-Type'],
  size: headers['X-Amz-Object-Size'] === undefined ? undefined : Number(headers['X-Amz-Object-Size']),
});

export class S3Client extends Client {
  constructor(config) {
    super(config, 's3', S3ServiceError, { uriEscapePath: false });
  }
  #object(operation, method, bucket, key, more) {
    return this.send_(operation, method, `/${escapeUri(bucket)}/${key.split('/').map(escapeUri).join('/')}`, more);
  }
  async listBuckets() {
    const { body } = await this.send_('ListBuckets', 'GET', '/');
    return elements(body, 'Bucket').map((one) => ({ name: element(one, 'Name'), creationDate: new Date(element(one, 'CreationDate')) }));
  }
  async listObjects(bucket, prefix) {
    const { body } = await this.send_('ListObjectsV2', 'GET', `/${escapeUri(bucket)}/`, { query: { 'list-type': '2', prefix: prefix ?? '' } });
    return elements(body, 'Contents').map((one) => ({
      key: element(one, 'Key'), lastModified: Date.parse(element(one, 'LastModified')), etag: element(one, 'ETag'),
      size: Number(element(one, 'Size')), storageClass: element(one, 'StorageClass') ?? 'STANDARD',
    }));
  }
  async getObject(bucket, key, headers = {}) {
    const responseType = headers.Accept === 'application/octet-stream' ? 'binary' : 'text';
    const response = await this.#object('GetObject', 'GET', bucket, key, { headers, responseType });
    const of = response.headers;
    return {
      key, lastModified: Date.parse(of['Last-Modified']), etag: of.Etag ?? of.ETag, size: Number(of['Content-Length']),
      storageClass: of['X-Amz-Storage-Class'] ?? 'STANDARD', data: response.body,
    };
  }
  async putObject(bucket, key, data, params = {}) {
    const headers = given({
      'Content-Disposition': params.contentDisposition, 'Content-Encoding': params.contentEncoding, 'Content-MD5': params.contentMD5,
      'Content-Type': params.contentType,
    });
    return uploaded((await this.#object('PutObject', 'PUT', bucket, key, { headers, body: data })).headers);
  }
  async deleteObject(bucket, key) {
    await this.#object('DeleteObject', 'DELETE', bucket, key);
  }
  async copyObject(sourceBucket, sourceKey, bucket, key) {
    const source = `${sourceBucket}/${sourceKey.split('/').map(escapeUri).join('/')}`;
    await this.#object('CopyObject', 'PUT', bucket, key, { headers: { 'x-amz-copy-source': source } });
  }
  async createMultipartUpload(bucket, key) {
    const { body } = await this.#object('CreateMultipartUpload', 'POST', bucket, key, { query: { uploads: '' } });
    return { key: element(body, 'Key') ?? key, uploadId: element(body, 'UploadId') };
  }
  async uploadPart(bucket, key, uploadId, partNumber, data) {
    const { headers } = await this.#object('UploadPart', 'PUT', bucket, key, { query: { partNumber: String(partNumber), uploadId }, body: data });
    return { partNumber, ...uploaded(headers) };
  }
  async completeMultipartUpload(bucket, key, uploadId, parts) {
    const list = parts.map((one) => `<Part><PartNumber>${one.partNumber}</PartNumber><ETag>${escaped(one.eTag)}</ETag></Part>`).join('');
    const response = await this.#object('CompleteMultipartUpload', 'POST', bucket, key, { query: { uploadId }, body: `<CompleteMultipartUpload>${list}</CompleteMultipartUpload>` });
    if (response.body?.includes('<Error>')) this.fail_('CompleteMultipartUpload', response);  // S3 says so with 200.
    return uploaded(response.headers, response.body ?? '');
  }
  async abortMultipartUpload(bucket, key, uploadId) {
    await this.#object('AbortMultipartUpload', 'DELETE', bucket, key, { query: { uploadId } });
  }
}

const secretOf = (said) => ({
  name: said.Name, arn: said.ARN, secret: said.SecretString, createdAt: said.CreatedDate, lastAccessedDate: said.LastAccessedDate,
  lastChangedDate: said.LastChangedDate, tags: said.Tags,
});
export class SecretsManagerClient extends JsonClient {
  constructor(config) { super(config, 'secretsmanager', SecretsManagerServiceError, 'secretsmanager'); }
  async listSecrets() { return ((await this.call_('ListSecrets', {})).SecretList ?? []).map(secretOf); }
  async getSecret(id) { return secretOf(await this.call_('GetSecretValue', { SecretId: id })); }
  async createSecret(name, secret, description, versionId, tags) {
    return secretOf(await this.call_('CreateSecret', {
      Name: name, SecretString: secret, Description: description, ClientRequestToken: versionId ?? crypto.randomUUID(), Tags: tags,
    }));
  }
  async putSecretValue(id, secret, versionId) {
    return secretOf(await this.call_('PutSecretValue', { SecretId: id, SecretString: secret, ClientRequestToken: versionId ?? crypto.randomUUID() }));
  }
  async deleteSecret(id, { recoveryWindow = 30, noRecovery = false } = {}) {
    await this.call_('DeleteSecret', { SecretId: id, ...(noRecovery ? { ForceDeleteWithoutRecovery: true } : { RecoveryWindowInDays: recoveryWindow }) });
  }
}

export class SystemsManagerClient extends JsonClient {
  constructor(config) { super(config, 'ssm', SystemsManagerServiceError, 'AmazonSSM'); }
  async getParameter(name, withDecryption = false) {
    const { Parameter: said } = await this.call_('GetParameter', { Name: name, WithDecryption: withDecryption });
    return {
      arn: said.ARN, dataType: said.DataType, lastModifiedDate: said.LastModifiedDate, name: said.Name, selector: said.Selector,
      sourceResult: said.SourceResult, type: said.Type, value: said.Value, version: said.Version,
    };
  }
}

export class KMSClient extends JsonClient {
  constructor(config) { super(config, 'kms', KMSServiceError, 'TrentService'); }
  async listKeys() { return (await this.call_('ListKeys', {})).Keys.map((one) => ({ keyId: one.KeyId, keyArn: one.KeyArn })); }
  async generateDataKey(id, size = 32) {
    const said = await this.call_('GenerateDataKey', { KeyId: id, NumberOfBytes: size });
    return { id: said.KeyId, ciphertextBlob: said.CiphertextBlob, plaintext: said.Plaintext };
  }
}

const messageOptions = (options = {}) => ({
  MessageDeduplicationId: options.messageDeduplicationId, MessageGroupId: options.messageGroupId, DelaySeconds: options.delaySeconds,
  MessageAttributes: options.messageAttributes && Object.fromEntries(Object.entries(options.messageAttributes).map(([name, { type, value }]) => [
    name, { DataType: type, [type === 'Binary' ? 'BinaryValue' : 'StringValue']: String(value) }])),
});
export class SQSClient extends JsonClient {
  constructor(config) { super(config, 'sqs', SQSServiceError, 'AmazonSQS', '1.0'); }
  async listQueues(options = {}) {
    const said = await this.call_('ListQueues', { MaxResults: options.maxResults, NextToken: options.nextToken, QueueNamePrefix: options.queueNamePrefix });
    const urls = said.QueueUrls ?? [];
    return { urls, queueUrls: urls, nextToken: said.NextToken };
  }
  async sendMessage(queue, body, options) {
    const said = await this.call_('SendMessage', { QueueUrl: queue, MessageBody: body, ...messageOptions(options) });
    return { id: said.MessageId, bodyMD5: said.MD5OfMessageBody };
  }
  async sendMessageBatch(queue, entries) {
    const said = await this.call_('SendMessageBatch', {
      QueueUrl: queue, Entries: entries.map((one) => given({ Id: one.messageId, MessageBody: one.messageBody, ...messageOptions(one.messageOptions) })),
    });
    return {
      successful: (said.Successful ?? []).map((one) => ({ id: one.MessageId, bodyMD5: one.MD5OfMessageBody })),
      failed: (said.Failed ?? []).map((one) => new SQSServiceError(one.Message, one.Code, 'SendMessageBatch')),
    };
  }
  async receiveMessages(queue, options = {}) {
    const said = await this.call_('ReceiveMessage', {
      QueueUrl: queue, MaxNumberOfMessages: options.maxNumberOfMessages, VisibilityTimeout: options.visibilityTimeoutSeconds,
      WaitTimeSeconds: options.waitTimeSeconds,
    });
    return (said.Messages ?? []).map((one) => ({ messageId: one.MessageId, receiptHandle: one.ReceiptHandle, md5OfBody: one.MD5OfBody, body: one.Body }));
  }
  async deleteMessage(queue, receiptHandle) { await this.call_('DeleteMessage', { QueueUrl: queue, ReceiptHandle: receiptHandle }); }
}

// KeyLike: value as keyLike: value, all the way down.
const lowered = (value) => (Array.isArray(value) ? value.map(lowered)
  : value !== null && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name[0].toLowerCase() + name.slice(1), lowered(one)]))
    : value);
const raised = (options) => Object.fromEntries(Object.entries(options).map(([name, value]) => [name[0].toUpperCase() + name.slice(1), value]));
export class KinesisClient extends JsonClient {
  constructor(config) { super(config, 'kinesis', KinesisServiceError, 'Kinesis_20131202'); }
  async createStream(name, { shardCount, streamModeDetails } = {}) {
    await this.call_('CreateStream', {
      StreamName: name, ShardCount: shardCount, StreamModeDetails: streamModeDetails && { StreamMode: streamModeDetails.streamMode },
    });
  }
  async deleteStream(name) { await this.call_('DeleteStream', { StreamName: name }); }
  async listStreams(options = {}) { return lowered(await this.call_('ListStreams', raised(options))); }
  async putRecords(stream, records) {
    return lowered(await this.call_('PutRecords', {
      StreamName: stream, Records: records.map((one) => given({ ...raised(one), Data: encoding.b64encode(one.data) })),
    }));
  }
  async getRecords(iterator, options = {}) {
    const said = lowered(await this.call_('GetRecords', { ShardIterator: iterator, ...raised(options) }));
    for (const one of said.records ?? []) {
      one.data = encoding.b64decode(one.data, 'std', 's');
      one.approximateArrivalTimestamp = new Date(one.approximateArrivalTimestamp * 1000);
    }
    return said;
  }
  async listShards(stream, options = {}) {
    // A token says which stream it is of.
    return lowered(await this.call_('ListShards', { StreamName: options.nextToken === undefined ? stream : undefined, ...raised(options) }));
  }
  async getShardIterator(stream, shard, type, { startingSequenceNumber, timestamp } = {}) {
    return lowered(await this.call_('GetShardIterator', {
      StreamName: stream, ShardId: shard, ShardIteratorType: type, StartingSequenceNumber: startingSequenceNumber,
      Timestamp: timestamp && new Date(timestamp).getTime() / 1000,
    }));
  }
}

export class EventBridgeClient extends JsonClient {
  constructor(config) { super(config, 'events', EventBridgeServiceError, 'AWSEvents'); }
  async putEvents({ Entries, EndpointId }) {
    const said = await this.call_('PutEvents', { Entries: Entries.map((one) => ({ ...one, Detail: JSON.stringify(one.Detail) })), EndpointId });
    const refused = (said.Entries ?? []).find((one) => one.ErrorCode);
    if (refused) throw new EventBridgeServiceError(refused.ErrorMessage, refused.ErrorCode, 'PutEvents');
  }
}

export class LambdaInvocationError extends LambdaServiceError {
  constructor(message, response) {
    super(message, undefined, 'Invoke');
    this.response = response;
  }
}
export class LambdaClient extends Client {
  constructor(config) { super(config, 'lambda', LambdaServiceError); }
  async invoke(name, payload, options = {}) {
    const headers = given({
      'content-type': 'application/json', 'x-amz-invocation-type': options.invocationType ?? 'RequestResponse', 'x-amz-log-type': options.logType ?? 'None',
      'x-amz-client-context': options.clientContext,
    });
    const said = await this.send_('Invoke', 'POST', `/2015-03-31/functions/${escapeUri(name)}/invocations`, {
      headers, body: payload, query: given({ Qualifier: options.qualifier }),
    });
    const log = said.headers['X-Amz-Log-Result'];
    const response = given({
      statusCode: said.status, executedVersion: said.headers['X-Amz-Executed-Version'], payload: said.body ?? undefined,
      logResult: log && encoding.b64decode(log, 'std', 's'),
    });
    if (said.headers['X-Amz-Function-Error']) throw new LambdaInvocationError(said.headers['X-Amz-Function-Error'], response);
    return response;
  }
}
