import sys
from openai import OpenAI

url, key, model = sys.argv[1:]
client = OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)
weather = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
messages = [{"role": "user", "content": "Is it sunny in Rome?"}]
first = client.chat.completions.create(model=model, messages=messages, tools=[weather]).choices[0]
call = first.message.tool_calls[0]
messages += [first.message, {"role": "tool", "tool_call_id": call.id, "content": f"sunny-21 in {call.function.arguments}"}]
with client.chat.completions.stream(model=model, messages=messages, tools=[weather]) as stream:
    for event in stream:
        pass
    last = stream.get_final_completion().choices[0]
print(first.finish_reason, last.finish_reason, last.message.content)
