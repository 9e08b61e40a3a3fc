// jslib's aws: its signatures by the examples that AWS publishes, and what its clients send and
// understand.
#include "script/script_test_world.h"

namespace brunt {
namespace {

constexpr std::string_view aws_imports = R"(
import { AWSConfig, Endpoint, SignatureV4, S3Client, SecretsManagerClient, SystemsManagerClient, KMSClient, SQSClient, KinesisClient,
         EventBridgeClient, LambdaClient } from 'https://jslib.k6.io/aws/0.13.0/aws.js';
const awsConfig = new AWSConfig({ region: 'us-east-1', accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', sessionToken: 'token', endpoint: 'http://localhost' });
)";

// What `code`, which has awsConfig, gives as JSON; every request is answered with `answers`.
struct AwsWorld : ScriptWorld {
  std::string returned(const std::string& code) {
    play(std::string(aws_imports) +
         "export default async function () { let got; try { got = await (async () => {" + code +
         "})(); } catch (e) { got = `${e.name} ${e.code} ${e.operation}: ${e.message}`; } "
         "console.log(JSON.stringify(got)); }");
    CHECK(told == std::vector<std::string>{});
    return said.empty() ? "" : said[0].substr(std::string_view("console.log: ").size());
  }
};

}  // namespace

TEST_CASE("requests are signed as in the examples that AWS publishes") {
  check_expressions(
      std::string(aws_imports) + R"(
const signature = (request, options = {}) => {
  const signer = new SignatureV4({ service: 's3', region: 'us-east-1', credentials: { ...awsConfig, sessionToken: undefined },
                                   uriEscapePath: false, ...options });
  const { headers } = signer.sign({ endpoint: new Endpoint('https://examplebucket.s3.amazonaws.com'), ...request },
                                  { signingDate: new Date('2013-05-24T00:00:00Z') });
  return headers.authorization.slice(-64);
};
const suite = (request) => new SignatureV4({ service: 'service', region: 'us-east-1', applyChecksum: false,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' } })
  .sign({ method: 'GET', endpoint: new Endpoint('https://example.amazonaws.com'), path: '/', ...request },
        { signingDate: '2015-08-30T12:36:00Z' }).headers.authorization;
const presigned = new SignatureV4({ service: 's3', region: 'us-east-1', uriEscapePath: false, credentials: { ...awsConfig, sessionToken: undefined } })
  .presign({ method: 'GET', endpoint: new Endpoint('https://examplebucket.s3.amazonaws.com'), path: '/test.txt',
             headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } },
           { signingDate: new Date('2013-05-24T00:00:00Z'), expiresIn: 86400, unsignableHeaders: new Set(['x-amz-content-sha256']) });
)",
      {{"signature({ method: 'GET', path: '/test.txt', headers: { Range: 'bytes=0-9' } })",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
       {"signature({ method: 'PUT', path: '/test%24file.text', body: 'Welcome to Amazon S3.', "
        "headers: { Date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': "
        "'REDUCED_REDUNDANCY' } })",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
       {"signature({ method: 'GET', path: '/', query: { lifecycle: '' } })",
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
       {"signature({ method: 'GET', path: '/', query: { prefix: 'J', 'max-keys': '2' } })",
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
       {"/X-Amz-Signature=(\\w+)/.exec(presigned.url)[1]",
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"},
       {"presigned.url.slice(0, 80)",
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"},
       {"suite({})",
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, "
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
       {"suite({ endpoint: undefined, protocol: 'https', hostname: 'example.amazonaws.com' }) === "
        "suite({})",
        "true"},
       {"suite({ path: '/example1/example2/../..' }) === suite({})", "true"},
       {"suite({ method: 'POST' }).slice(-64)",
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
       {"suite({ query: { Param2: 'value2', Param1: 'value1' } }).slice(-64)",
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
       {"suite({ headers: { 'My-Header1': '   value1', 'My-Header2': ' \"a   b   c\"' } })"
        ".slice(-64)",
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"}});
}

TEST_CASE("a configuration of AWS without a region or a key is refused") {
  check_expressions(
      std::string(aws_imports) +
          "const error = (f) => { try { f(); } catch (e) { return `${e.name}: ${e.message}` } };",
      {{"error(() => new AWSConfig({ region: '', accessKeyId: 'A', secretAccessKey: 'S' }))",
        "InvalidAWSConfigError: invalid AWS region; reason: expected a text, got ``"},
       {"new AWSConfig({ region: 'r', accessKeyId: 'A', secretAccessKey: 'S' }).endpoint",
        "undefined"},
       {"new S3Client(new AWSConfig({ region: 'eu-1', accessKeyId: 'A', secretAccessKey: 'S' }))"
        ".host",
        "s3.eu-1.amazonaws.com"},
       {"error(() => new Endpoint('localhost'))",
        "AWSError: invalid endpoint \"localhost\": it has to be like https://host:port"}});
}

TEST_CASE("the S3 client lists, reads, writes and uploads in parts") {
  AwsWorld list;
  list.answers = {
      {"/box/?list-type=2&prefix=a",
       reply("<ListBucketResult><Contents><Key>a&amp;b</Key><LastModified>2020-01-02T00:"
             "00:00Z</LastModified><ETag>&quot;e&quot;</ETag><Size>3</Size></Contents>"
             "</ListBucketResult>")}};
  CHECK(list.returned("return new S3Client(awsConfig).listObjects('box', 'a')") ==
        R"([{"key":"a&b","lastModified":1577923200000,"etag":"\"e\"","size":3,)"
        R"("storageClass":"STANDARD"}])");
  REQUIRE(list.requests.size() == 1);
  CHECK(field_of(list.requests[0], "X-Amz-Security-Token") == "token");
  CHECK(field_of(list.requests[0], "Authorization").contains("/us-east-1/s3/aws4_request"));
  AwsWorld put;
  put.answers = {{"/box/dir/a%20b", reply("", "ETag: \"e1\"\r\nX-Amz-Checksum-Crc32: c\r\n")}};
  CHECK(put.returned("return new S3Client(awsConfig).putObject('box', 'dir/a b', 'data', { "
                     "contentType: 'text/x' })") == R"({"eTag":"\"e1\"","crc32":"c"})");
  CHECK(put.requests[0].ends_with("\r\n\r\ndata"));
  CHECK(field_of(put.requests[0], "Content-Type") == "text/x");
  AwsWorld parts;
  parts.answers = {
      {"/box/k?uploads=", reply("<R><Key>k</Key><UploadId>u1</UploadId></R>")},
      {"/box/k?partNumber=2&uploadId=u1", reply("", "ETag: e2\r\n")},
      {"/box/k?uploadId=u1", reply("<R><ETag>whole</ETag></R>")},
      {"/box/k", reply("data", "ETag: e\r\nLast-Modified: Thu, 01 Jan 1970 00:00:01 GMT\r\n")}};
  CHECK(
      parts.returned("const s3 = new S3Client(awsConfig);"
                     "const { uploadId } = await s3.createMultipartUpload('box', 'k');"
                     "const part = await s3.uploadPart('box', 'k', uploadId, 2, 'x');"
                     "const whole = await s3.completeMultipartUpload('box', 'k', uploadId, [part]);"
                     "return [part, whole, await s3.getObject('box', 'k')]") ==
      R"([{"partNumber":2,"eTag":"e2"},{"eTag":"whole"},)"
      R"({"key":"k","lastModified":1000,"etag":"e","size":4,"storageClass":"STANDARD",)"
      R"("data":"data"}])");
  CHECK(parts.requests[2].ends_with(
      "<CompleteMultipartUpload><Part><PartNumber>2</PartNumber><ETag>e2</ETag></Part>"
      "</CompleteMultipartUpload>"));
}

TEST_CASE("what AWS refuses is an exception of the service") {
  const std::string body =
      "<Error><Code>NoSuchBucket</Code><Message>The box is gone</Message></Error>";
  AwsWorld gone;
  gone.answers = {{"/box/k", reply(body, "", "404 Not Found")}};
  CHECK(gone.returned("return new S3Client(awsConfig).deleteObject('box', 'k')") ==
        R"("S3ServiceError NoSuchBucket DeleteObject: The box is gone")");
  AwsWorld refused;
  refused.answers = {
      {"/", reply(R"({"__type":"com.amazon#InvalidSignatureException","message":"wrong key"})", "",
                  "400 Bad Request")}};
  CHECK(refused.returned("return new KMSClient(awsConfig).listKeys()") ==
        R"("InvalidSignatureError InvalidSignatureException undefined: wrong key")");
}

TEST_CASE("clients of services with JSON send their targets and read the answers") {
  struct Row {
    const char *code, *target, *answer, *sent, *got;
  };
  const Row rows[] = {
      {"new SecretsManagerClient(awsConfig).getSecret('n')", "secretsmanager.GetSecretValue",
       R"({"Name":"n","ARN":"a","SecretString":"s"})", R"({"SecretId":"n"})",
       R"({"name":"n","arn":"a","secret":"s"})"},
      {"new SystemsManagerClient(awsConfig).getParameter('p', true)", "AmazonSSM.GetParameter",
       R"({"Parameter":{"Name":"p","Value":"v"}})", R"({"Name":"p","WithDecryption":true})",
       R"({"name":"p","value":"v"})"},
      {"new KMSClient(awsConfig).generateDataKey('k', 16)", "TrentService.GenerateDataKey",
       R"({"KeyId":"k","CiphertextBlob":"c","Plaintext":"p"})",
       R"({"KeyId":"k","NumberOfBytes":16})", R"({"id":"k","ciphertextBlob":"c","plaintext":"p"})"},
      {"new SQSClient(awsConfig).sendMessage('q', 'b', { delaySeconds: 1, messageAttributes: { a: "
       "{ type: 'String', value: 'v' } } })",
       "AmazonSQS.SendMessage", R"({"MessageId":"i","MD5OfMessageBody":"m"})",
       R"({"QueueUrl":"q","MessageBody":"b","DelaySeconds":1,)"
       R"("MessageAttributes":{"a":{"DataType":"String","StringValue":"v"}}})",
       R"({"id":"i","bodyMD5":"m"})"},
      {"new KinesisClient(awsConfig).putRecords('s', [{ data: 'hi', partitionKey: 'p' }])",
       "Kinesis_20131202.PutRecords", R"({"FailedRecordCount":0,"Records":[{"ShardId":"1"}]})",
       R"({"StreamName":"s","Records":[{"Data":"aGk=","PartitionKey":"p"}]})",
       R"({"failedRecordCount":0,"records":[{"shardId":"1"}]})"},
      {"new EventBridgeClient(awsConfig).putEvents({ Entries: [{ Source: 's', Detail: { a: 1 } }] "
       "}).then(() => 'sent')",
       "AWSEvents.PutEvents", R"({"FailedEntryCount":0,"Entries":[{"EventId":"1"}]})",
       R"({"Entries":[{"Source":"s","Detail":"{\"a\":1}"}]})", R"("sent")"},
  };
  for (const Row& row : rows) {
    AwsWorld world;
    world.answers = {{"/", reply(row.answer)}};
    CHECK_MESSAGE(world.returned(std::string("return ") + row.code) == row.got, row.code);
    REQUIRE(world.requests.size() == 1);
    CHECK(field_of(world.requests[0], "X-Amz-Target") == row.target);
    CHECK_MESSAGE(world.requests[0].ends_with(std::string("\r\n\r\n") + row.sent), row.code);
  }
  AwsWorld lambda;
  lambda.answers = {{"/2015-03-31/functions/add/invocations",
                     reply("3", "X-Amz-Log-Result: bG9n\r\nX-Amz-Executed-Version: 1\r\n")}};
  CHECK(lambda.returned("return new LambdaClient(awsConfig).invoke('add', '{}')") ==
        R"({"statusCode":200,"executedVersion":"1","payload":"3","logResult":"log"})");
}

}  // namespace brunt
